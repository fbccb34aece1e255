// "Tell more" as it is filled in: every change is saved at once. A line that looks like somebody waits for its writer.
// Without this script the same form is sent by its button.
(() => {
  const form = document.querySelector('form.more');
  if (!form || !window.fetch) return;
  const told = form.querySelector('[data-told] strong');
  const found = form.querySelector('[data-found]');
  let turn = Promise.resolve(); // one after the other: what is told last stands
  let latest = 0;

  function save() {
    const number = ++latest;
    const body = new URLSearchParams(new FormData(form));
    turn = turn.then(async () => {
      if (number !== latest) return;
      for (let wait = 500; number === latest; wait = Math.min(wait * 2, 15000)) {
        try {
          const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
          if (answer.ok) return show(await answer.json());
          if (answer.status < 500 && answer.status !== 429) return;
        } catch { /* no line: tried again */ }
        await new Promise((done) => setTimeout(done, wait));
      }
    });
  }

  function show(answer) {
    const rows = answer.found.map((each) => {
      const row = document.createElement('li');
      const words = document.createElement('strong');
      words.textContent = each.words;
      row.append(words, ` (${each.kind})`);
      return row;
    });
    found.querySelector('ul').replaceChildren(...rows);
    found.hidden = rows.length === 0;
    told.hidden = rows.length > 0;
  }

  form.addEventListener('change', save);
  let typing = null;
  form.addEventListener('input', (event) => {
    if (event.target.name !== 'text') return;
    clearTimeout(typing);
    typing = setTimeout(save, 1500);
  });
})();
