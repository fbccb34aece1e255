// What every page needs and HTML lacks: fragments that ask again when something happened, clocks that count down
// between the server's messages, a switch that sends its form, the banner for a lost line.
(() => {
  const body = document.body;

  // <main data-refresh-on="step result table:12" hx-get="…" hx-trigger="refresh">: an event "live:table" with
  // data.table 12 makes it ask for itself again. htmx's own filters need eval, which our policy forbids.
  const tokens = (element) => (element.dataset.refreshOn || '').split(/\s+/).filter(Boolean);
  const names = ['step', 'people', 'table', 'notes', 'result', 'screen', 'themes', 'agreements', 'poll', 'reload'];
  for (const name of names) {
    body.addEventListener(`live:${name}`, (event) => {
      const data = event.detail?.data || {};
      for (const element of document.querySelectorAll('[data-refresh-on]')) {
        const wanted = tokens(element).some((token) => {
          const [word, id] = token.split(':');
          if (name === 'poll' || name === 'reload') return true;
          return word === name && (id === undefined || String(data[word]) === id);
        });
        if (wanted) window.htmx?.trigger(element, 'refresh');
      }
    });
  }

  // What is renewed takes the focus with it. htmx gives it back where the same id comes again; here the same control
  // without one gets it; where that is gone the field that it told something of, or the heading of its part: never the
  // beginning of the page. Nothing scrolls.
  let stood = null;
  const doesWhat = (one) => [one.tagName, one.type, one.name, one.getAttribute('value'), one.getAttribute('aria-label'),
    one.getAttribute('href') || one.getAttribute('formaction') || one.form?.getAttribute('action')
    || one.closest('details[id]')?.id || one.textContent.trim()].join('|');
  const allLike = (what) => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter((one) => one.getClientRects().length && !one.disabled && doesWhat(one) === what);
  function nearest(ids) {
    for (const id of ids) {
      const field = document.querySelector(`[aria-describedby~="${CSS.escape(id)}"]`);
      if (field) return field;
      const part = document.getElementById(id);
      const heading = part?.matches('h1, h2, h3') ? part : part?.querySelector('h1, h2, h3');
      if (heading) { heading.tabIndex = -1; return heading; }
    }
    return null;
  }
  body.addEventListener('htmx:beforeSwap', () => {
    const one = document.activeElement;
    stood = null;
    if (!one || one === body) return;
    const what = doesWhat(one), ids = [];
    for (let part = one; part && part !== body; part = part.parentElement) ids.push(part.getAttribute('aria-labelledby'), part.id);
    stood = { one, what, at: allLike(what).indexOf(one), ids: ids.filter(Boolean) };
  });
  // Where it was swapped, and not by who asked: a renewal may have taken the pressed button away meanwhile. Last of all,
  // when the page's own script has unfolded what was.
  window.addEventListener('htmx:afterSwap', () => {
    const was = stood;
    stood = null;
    if (!was || (document.activeElement && document.activeElement !== body)) return;
    const like = was.one.isConnected ? [was.one] : allLike(was.what);
    const next = like[Math.min(was.at, like.length - 1)] || like[0] || nearest(was.ids);
    next?.focus({ preventScroll: true });
  });

  // A press that came to nothing says so beside it, for htmx shows no answer that is an error: <body data-failed="…"
  // data-too-many="…">. Where what it was about is gone, or who pressed is signed out, the page is fetched anew.
  const isPress = (detail) => detail.requestConfig?.verb !== 'get';
  const failed = () => document.querySelector('[data-has-failed]');
  body.addEventListener('htmx:beforeRequest', ({ detail }) => { if (isPress(detail)) failed()?.remove(); });
  for (const kind of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
    body.addEventListener(kind, ({ detail }) => {
      if (!isPress(detail)) return;
      const status = detail.xhr?.status;
      if ([401, 403, 404].includes(status)) { location.reload(); return; }
      const note = failed() || document.createElement('p');
      note.className = 'ds-validation-message';
      note.dataset.hasFailed = '';
      note.setAttribute('role', 'alert');
      note.textContent = status === 429 ? body.dataset.tooMany : body.dataset.failed;
      detail.elt.matches('form') ? detail.elt.append(note) : detail.elt.after(note);
    });
  }

  // Escape closes the menu, and goes back to what opened it.
  body.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && event.target.closest?.('.sam-menu[open]');
    if (!menu) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });

  // A form whose control should act at once: <form data-autosend> sends itself on change.
  body.addEventListener('change', (event) => {
    const form = event.target.closest?.('form[data-autosend]');
    if (form) form.requestSubmit();
  });

  // What is pasted and does not fit is cut off by the browser without a word: <body data-cut="… {most} …"> says so.
  body.addEventListener('paste', ({ target: field, clipboardData }) => {
    field.parentNode?.querySelector?.(':scope > [data-was-cut]')?.remove();
    if (!(field.maxLength > 0) || !body.dataset.cut) return;
    const room = field.maxLength - field.value.length + (field.selectionEnd - field.selectionStart);
    if ((clipboardData?.getData('text') || '').length <= room) return;
    const note = document.createElement('p');
    note.className = 'ds-validation-message';
    note.dataset.wasCut = '';
    note.setAttribute('role', 'alert');
    note.textContent = body.dataset.cut.replace('{most}', field.maxLength);
    field.after(note);
  });

  // Clocks. <span data-clock data-ends="ISO" data-now="ISO" data-paused="" data-left="… kvar" data-over="…">
  const offset = new WeakMap();
  const show = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
  function tick() {
    for (const clock of document.querySelectorAll('[data-clock]')) {
      if (!offset.has(clock)) offset.set(clock, Date.parse(clock.dataset.now) - Date.now());
      const frozen = clock.dataset.paused ? Date.parse(clock.dataset.paused) : null;
      const now = frozen ?? Date.now() + offset.get(clock);
      const left = Math.max(0, Math.round((Date.parse(clock.dataset.ends) - now) / 1000));
      const value = clock.querySelector('[data-value]') || clock;
      const text = left > 0 ? show(left) : clock.dataset.over || show(0);
      if (value.textContent !== text) value.textContent = text;
      clock.classList.toggle('is-over', left === 0);
      const bar = clock.dataset.bar && document.getElementById(clock.dataset.bar);
      if (bar) {
        const whole = (Date.parse(clock.dataset.ends) - Date.parse(clock.dataset.starts)) / 1000;
        bar.value = whole > 0 ? Math.round((100 * left) / whole) : 0;
      }
      // Said aloud at half time, one minute and zero only.
      const say = clock.dataset.say && document.getElementById(clock.dataset.say);
      if (say) {
        const whole = Math.round((Date.parse(clock.dataset.ends) - Date.parse(clock.dataset.starts)) / 1000);
        if (left === Math.round(whole / 2) || left === 60) say.textContent = `${show(left)} ${clock.dataset.left || ''}`;
        else if (left === 0 && say.dataset.zero !== '1') { say.dataset.zero = '1'; say.textContent = clock.dataset.over || ''; }
      }
    }
  }
  setInterval(tick, 1000);
  tick();
  body.addEventListener('htmx:afterSettle', tick);

  // A starter fills in the beginning of a sentence: <button data-starter="Det som …" data-for="id">
  body.addEventListener('click', (event) => {
    const starter = event.target.closest?.('[data-starter]');
    if (starter) {
      const field = document.getElementById(starter.dataset.for);
      if (!field) return;
      if (!field.value.trim()) field.value = `${starter.dataset.starter} `;
      else if (!field.value.endsWith('\n')) field.value += `\n${starter.dataset.starter} `;
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
      field.dispatchEvent(new Event('input', { bubbles: true }));
      event.preventDefault();
    }
    const print = event.target.closest?.('[data-print]');
    if (print) { event.preventDefault(); window.print(); }
  });

  // Everything live is marked so that styles can hide what only works with script.
  document.documentElement.dataset.script = 'on';
})();
