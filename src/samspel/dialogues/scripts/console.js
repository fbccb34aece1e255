// The console's single keys. They work outside fields only, press the very buttons on the page,
// and can be turned off on this device (WCAG 2.1.4).
(() => {
  const OFF = 'samspel:keys-off';
  const stored = () => { try { return localStorage.getItem(OFF) === '1'; } catch { return false; } };
  const dialog = document.getElementById('all-keys');
  const toggle = document.querySelector('[data-keys-off]');
  if (toggle) {
    toggle.checked = stored();
    toggle.addEventListener('change', () => { try { localStorage.setItem(OFF, toggle.checked ? '1' : '0'); } catch { /* private mode: for this page only */ } });
  }
  const isField = (element) => element.closest('input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]');
  const openKeys = () => { if (dialog && !dialog.open) dialog.showModal(); };

  // Presses leave one at a time, in the order of the keys: the page is renewed by each answer, so a key pressed
  // meanwhile waits for the button that it then means.
  let away = 0;
  const waiting = [];
  document.addEventListener('htmx:beforeRequest', (event) => {
    if (event.detail.requestConfig.verb === 'get') return;
    away += 1;
    // Listened for on the request: its form may be gone by then, renewed by what the others did.
    event.detail.xhr.addEventListener('loadend', () => { away -= 1; setTimeout(next, 60); }); // buttons have settled
  });
  function next() { if (!away && waiting.length) act(waiting.shift()); }

  function act(key) {
    [...document.querySelectorAll('[data-key]')].find((each) => each.dataset.key === key)?.click();
    if (!away) next();
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isField(event.target)) return;
    if (event.key === '?') { event.preventDefault(); openKeys(); return; }
    if (toggle?.checked) return;
    let key = event.key === ' ' ? 'Space' : event.key;
    if (key.length === 1) key = key.toLowerCase();
    // Space and Enter on a focused control are the control's own.
    if (key === 'Space' && event.target.closest('button, a, summary, input')) return;
    if (key === 'f') { event.preventDefault(); if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen?.(); return; }
    if (![...document.querySelectorAll('[data-key]')].some((each) => each.dataset.key === key)) return;
    event.preventDefault();
    if (away) waiting.push(key); else act(key);
  });
  document.addEventListener('click', (event) => { if (event.target.closest?.('[data-all-keys]')) openKeys(); });

  // <input type=search data-find="tables">: hides the rows of that list whose words lack what is written. The page is
  // renewed all the time: what is looked for, and what is unfolded (<details id data-keep-open>), stays.
  document.getElementById('views')?.removeAttribute('open'); // unfolded for those who have no script
  const plain = (text) => text.toLocaleLowerCase().normalize('NFC').trim();
  function find() {
    for (const field of document.querySelectorAll('[data-find]')) {
      const list = document.getElementById(field.dataset.find);
      if (!list) continue;
      const wanted = plain(field.value);
      let found = 0;
      for (const row of list.children) {
        row.hidden = wanted !== '' && !plain(row.textContent).includes(wanted);
        if (!row.hidden) found += 1;
      }
      if (list.dataset.named !== 'all') list.classList.toggle('tables--few', wanted !== '');
      const none = document.getElementById(`${list.id}-none`);
      if (none) none.hidden = found > 0;
    }
  }
  document.addEventListener('input', (event) => { if (event.target.matches?.('[data-find]')) find(); });
  document.addEventListener('submit', (event) => { if (event.target.querySelector?.('[data-find]')) event.preventDefault(); });
  let open = [];
  document.addEventListener('htmx:beforeSwap', () => { open = [...document.querySelectorAll('details[data-keep-open][open]')].map((each) => each.id); });
  document.addEventListener('htmx:afterSwap', () => {
    for (const id of open) { const each = document.getElementById(id); if (each) each.open = true; }
    find();
  });
})();
