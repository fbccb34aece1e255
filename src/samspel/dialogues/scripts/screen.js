// The big screen: the leader's scheme also outside the fragment, a fade for what is new, and two keys.
// F full screen, D dark or light. Keys are off where the console has turned them off on this device (WCAG 2.1.4).
(() => {
  const hall = document.getElementById('sal');
  if (!hall) return;

  const texts = (selector) => new Set([...hall.querySelectorAll(selector)].map((one) => one.textContent));
  let before = { view: '', themes: new Set(), across: new Set(), places: new Set(), lone: new Set() };
  const look = () => ({
    view: hall.firstElementChild?.dataset.view || '',
    themes: texts('.themes'), across: texts('.across-list .name'), places: texts('.three .said'), lone: texts('.alone blockquote'),
  });
  const mark = (selector, known, of) => {
    for (const one of hall.querySelectorAll(selector)) if (!known.has((of ? one.querySelector(of) : one)?.textContent)) one.classList.add('is-new');
  };

  before = look();
  hall.addEventListener('htmx:beforeSwap', () => { before = look(); });
  hall.addEventListener('htmx:afterSettle', () => {
    const scheme = hall.firstElementChild?.dataset.scheme;
    if (scheme) document.documentElement.dataset.colorScheme = scheme;
    if (before.themes.size === 0) mark('.themes', new Set());
    mark('.across-list li', before.across, '.name');
    mark('.three li:not(.is-hidden)', before.places, '.said');
    mark('.alone', before.lone, 'blockquote');
  });

  const isOff = () => { try { return localStorage.getItem('samspel:keys-off') === '1'; } catch { return false; } };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isOff()) return;
    const key = event.key.toLowerCase();
    if (key === 'f') {
      if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen?.();
    } else if (key === 'd') {
      const form = document.getElementById('skarm-mork');
      const fields = new FormData(form);
      const wanted = document.documentElement.dataset.colorScheme === 'dark' ? 'off' : 'on';
      fields.set('wanted', wanted);
      // The stream brings the change back, to every screen of the meeting at once.
      fetch(form.action, { method: 'POST', body: fields, headers: { 'HX-Request': 'true' } });
    } else return;
    event.preventDefault();
  });
})();
