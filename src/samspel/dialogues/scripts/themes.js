// Dragging a note to a theme fills in the very form that keyboard and select use, and sends it.
// Cards that are marked go along with the one that is dragged.
(() => {
  const page = document.getElementById('teman');
  if (!page) return;
  let held = null;

  const settle = () => {
    for (const card of page.querySelectorAll('[data-note]')) card.draggable = Boolean(card.querySelector('[name=note]'));
  };
  const leave = () => { for (const each of page.querySelectorAll('.is-over')) each.classList.remove('is-over'); };

  page.addEventListener('dragstart', (event) => {
    held = event.target.closest?.('[data-note]');
    if (!held) return;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', ''); // some browsers drag nothing without it; what was written stays here
    held.classList.add('is-held');
  });
  page.addEventListener('dragend', () => { held?.classList.remove('is-held'); held = null; leave(); });
  page.addEventListener('dragover', (event) => {
    const theme = event.target.closest?.('[data-theme]');
    if (!held || !theme) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
    if (!theme.classList.contains('is-over')) { leave(); theme.classList.add('is-over'); }
  });
  page.addEventListener('drop', (event) => {
    const theme = event.target.closest?.('[data-theme]');
    const form = document.getElementById('flytta');
    if (!held || !theme || !form) return;
    event.preventDefault();
    const to = form.elements.to;
    if (![...to.options].some((option) => option.value === theme.dataset.theme)) { // the theme it is in already, or a hidden one
      if (theme.querySelector('[aria-current]')) return;
      to.add(new Option('', theme.dataset.theme));
    }
    held.querySelector('[name=note]').checked = true;
    to.value = theme.dataset.theme;
    form.elements.title.value = '';
    form.requestSubmit();
  });
  document.addEventListener('htmx:afterSettle', settle);
  settle();
})();
