// The plan saves itself by htmx; this keeps what htmx does not know: which step is unfolded, a second question field,
// and fields that only count together with their button.
(() => {
  const form = document.getElementById('planen');
  if (!form) return;
  const quiet = (field) => field instanceof Element && field.closest('[data-quiet]');

  // A unit, a file or a leader that is being chosen is sent by its own button.
  for (const name of ['change', 'input']) {
    form.addEventListener(name, (event) => { if (quiet(event.target)) event.stopPropagation(); }, true);
  }

  // One step is unfolded at a time, and which one goes along with every save. (Not by <details name>: the new list comes
  // in before the old one goes, and would be folded by it.)
  form.addEventListener('toggle', (event) => {
    const step = event.target.dataset?.step;
    if (!step) return;
    const open = form.querySelector('[data-open]');
    if (!event.target.open) {
      if (open.value === step) open.value = '';
      return;
    }
    open.value = step;
    for (const other of form.querySelectorAll('.step[open]')) if (other !== event.target) other.open = false;
  }, true);

  // Only a press of a button is sent as one: what saves itself a moment later must not press it again.
  form.addEventListener('htmx:configRequest', (event) => {
    const pressed = event.detail.triggeringEvent;
    const { parameters } = event.detail;
    delete parameters.do;
    if (pressed?.type === 'submit') parameters.do = pressed.submitter?.value || 'save';
  });

  // «En fråga till» shows the next field at once; it counts when something is written in it.
  form.addEventListener('click', (event) => {
    const button = event.target.closest?.('button[value="add-question"]');
    if (!button) return;
    const next = form.querySelector('.one-question[hidden]');
    if (!next) return;
    event.preventDefault();
    next.hidden = false;
    next.dataset.added = '1';
    next.querySelector('textarea').focus();
    button.hidden = !form.querySelector('.one-question[hidden]');
  });
  form.addEventListener('click', (event) => {
    const button = event.target.closest?.('button[value^="drop-question-"]');
    if (!button) return;
    event.preventDefault();
    // The words move up, so that the fields are filled from the first.
    const fields = [...form.querySelectorAll('.one-question textarea')];
    const at = Number(button.value.split('-').pop()) - 1;
    const shown = fields.filter((field) => !field.closest('.one-question').hidden).length;
    for (let place = at; place < fields.length - 1; place += 1) fields[place].value = fields[place + 1].value;
    fields[fields.length - 1].value = '';
    const last = fields[shown - 1].closest('.one-question');
    last.hidden = true;
    delete last.dataset.added;
    fields[Math.max(0, at - 1)].focus();
    form.requestSubmit(form.querySelector(`button[value="drop-question-${shown}"]`));
  });

  // After a save: as many question fields as the plan has room for, and when it is.
  document.body.addEventListener('htmx:afterSettle', () => {
    const plan = document.getElementById('planrad');
    if (!plan) return;
    const wanted = Number(plan.dataset.questions);
    for (const row of form.querySelectorAll('.one-question')) {
      const number = Number(row.id.split('-')[1]);
      const field = row.querySelector('textarea');
      if (number <= wanted) row.hidden = false;
      else if (!field.value.trim() && !row.dataset.added) row.hidden = true;
    }
    const when = document.getElementById('nar-text');
    if (when) when.textContent = plan.dataset.when;
  });
})();
