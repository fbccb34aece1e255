// Reading through hundreds of texts by keyboard. Single keys, outside fields only; the switch that turns the console's
// off turns these off too (WCAG 2.1.4). They press the very buttons on the page.
(() => {
  const off = (() => { try { return localStorage.getItem('samspel:keys-off') === '1'; } catch { return false; } })();
  const rows = () => [...document.querySelectorAll('[data-row]')];
  const box = (row) => row.querySelector('input[type=checkbox]');
  const PLACE = 'samspel:review-row';
  const list = document.getElementById('chosen');
  if (!list) return;

  const counted = list.querySelector('[data-count]');
  const none = counted.textContent;
  function count() {
    const chosen = rows().filter((row) => box(row).checked).length;
    list.toggleAttribute('data-some', chosen > 0);
    counted.textContent = chosen === 0 ? none : chosen === 1 ? counted.dataset.one : counted.dataset.many.replace('{n}', chosen);
  }
  const all = list.querySelector('[data-choose-all]');
  const waiting = () => rows().filter((row) => box(row).value.endsWith(':waiting'));
  all.hidden = waiting().length < 2;
  all.addEventListener('click', () => { for (const row of waiting()) box(row).checked = true; count(); });
  document.addEventListener('change', (event) => { if (event.target.form === list) count(); });
  count();

  const here = () => rows().findIndex((row) => row.contains(document.activeElement));
  function go(index) {
    const row = rows()[Math.max(0, Math.min(rows().length - 1, index))];
    if (!row) return;
    box(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: 'center' });
  }
  document.addEventListener('focusin', () => { for (const row of rows()) row.classList.toggle('is-here', row.contains(document.activeElement)); });

  // A judged row leaves its list and the page is loaded anew: go on with the one that has come in its place.
  document.addEventListener('submit', () => { try { sessionStorage.setItem(PLACE, JSON.stringify([location.pathname, here()])); } catch { /* private mode */ } });
  try {
    const [path, index] = JSON.parse(sessionStorage.getItem(PLACE) || '[]');
    sessionStorage.removeItem(PLACE);
    if (path === location.pathname && index >= 0) go(index);
  } catch { /* private mode */ }

  if (off) return;
  list.querySelector('[data-keys-hint]').hidden = false;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input:not([type=checkbox]), textarea, select')) return;
    const key = event.key.toLowerCase();
    const row = rows()[here()];
    const press = (element) => { if (element) { event.preventDefault(); element.click(); } };
    if (key === 'j') { event.preventDefault(); go(here() + 1); }
    else if (key === 'k') { event.preventDefault(); go(here() - 1); }
    else if (key === '/') { const field = document.getElementById('ord-i'); if (field) { event.preventDefault(); field.focus(); } }
    else if (event.repeat) return;
    else if (key === 'x') press(row && box(row));
    else if (key === 'v' || key === 'u') press(row?.querySelector(`[data-judge="${key}"]`));
    else if (key === 'z') press(document.querySelector('[data-undo]'));
    else if (key === 'n') press(document.querySelector('[data-after]'));
    else if (key === 'p') press(document.querySelector('[data-before]'));
  });
})();
