// The table: after a press the same button keeps focus (htmx finds it by its id). Where it is gone, at the top of the
// list or when a card has come apart, focus goes to what stands nearest, never to the beginning of the page.
(() => {
  let pressed = '';
  document.body.addEventListener('htmx:beforeRequest', ({ detail }) => {
    if (detail.elt.form?.id === 'bordet') pressed = detail.elt.id;
  });
  document.body.addEventListener('focusin', ({ target }) => {
    if (target.id !== pressed) pressed = '';
  });
  document.body.addEventListener('htmx:afterSettle', () => {
    if (!pressed || (document.activeElement && document.activeElement !== document.body)) return;
    const note = pressed.split('-')[1];
    const nearest = [pressed, `ner-${note}`, `upp-${note}`, `tanke-${note}`].map((id) => document.getElementById(id));
    const next = nearest.find(Boolean) || document.querySelector('#bord h2');
    if (next?.tagName === 'H2') next.tabIndex = -1;
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  });
  // What a press came to, for who listens.
  document.body.addEventListener('said', ({ detail }) => { document.getElementById('sagt').textContent = detail.words; });
})();
