// The tap page at once: the press is shown as it is made, sent in the background, and sent again until it is received.
// Without this script the same form posts the same press.
(() => {
  const form = document.querySelector('form.ask');
  if (!form || !window.fetch) return;
  const levels = [...form.querySelectorAll('.tap')];
  const parts = [...document.querySelectorAll('[data-when]')];
  let wanted = null; // the press that is still to be received
  let sending = false;
  let locking = null;

  const show = (...states) => {
    for (const part of parts) part.hidden = !part.dataset.when.split(' ').some((state) => states.includes(state));
  };
  const mark = (level) => {
    for (const each of levels) each.setAttribute('aria-pressed', String(each.value === String(level)));
  };
  const lock = (state) => {
    clearTimeout(locking);
    for (const each of levels) each.disabled = true;
    show(state);
  };

  async function send() {
    if (sending) return;
    sending = true;
    for (let wait = 500; wanted !== null; wait = Math.min(wait * 2, 15000)) {
      const level = wanted;
      const data = new URLSearchParams(new FormData(form));
      data.set('level', level);
      try {
        const answer = await fetch(form.action, { method: 'POST', body: data, headers: { Accept: 'application/json' } });
        if (answer.ok) {
          received(level, await answer.json());
          continue;
        }
        if (answer.status < 500 && answer.status !== 429) return plain(level);
      } catch { /* no line: tried again below */ }
      show('waiting');
      await new Promise((done) => setTimeout(done, wait + Math.random() * 500));
    }
    sending = false;
  }

  function received(level, told) {
    if (wanted === level) wanted = null;
    if (wanted !== null) return;
    mark(told.level);
    if (!told.changes_s) return lock('already');
    show('saved', 'change');
    clearTimeout(locking);
    locking = setTimeout(() => lock('saved'), told.changes_s * 1000);
  }

  // What the server refuses it also explains, on a page of its own.
  function plain(level) {
    const field = Object.assign(document.createElement('input'), { type: 'hidden', name: 'level', value: level });
    form.append(field);
    form.submit();
  }

  form.addEventListener('submit', (event) => {
    const level = event.submitter?.value;
    if (!level) return;
    event.preventDefault();
    wanted = level;
    mark(level);
    show('saving');
    send();
  });
  // A page that was opened anew after its press: the seconds that are left.
  const left = Number(form.dataset.changesS);
  if (left) locking = setTimeout(() => lock('saved'), left * 1000);
})();
