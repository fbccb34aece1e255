// What is typed is never lost: drafts on the device, and posts that are sent until the server has them.
//
//   <form method="post" action="/m/12/notes" data-draft="dialogue:12:seat:7:note" data-send="dialogue:12:seat:7:notes"
//         data-send-target="#notes" data-send-swap="beforeend">
//     <textarea name="text"></textarea> <input type="hidden" name="key" value="…"> <button>…</button>
//     <p role="status" data-draft-status data-saving="Sparas …" data-saved="Utkastet är sparat på den här enheten"
//        data-queued="Sparat på telefonen, skickas när kontakten är tillbaka" data-sent="Skickat" data-failed="…"></p>
//     <a data-draft-download download="text.txt" hidden>…</a>
//     <template data-send-pending><li><span data-text></span> …</li></template>
//   </form>
//
// data-draft  fields are kept on the device while they are written; the scope names dialogue and seat, so that nobody
//             else who uses the device sees them. <button type="reset"> throws them away. Sent by the browser itself, they are kept until the server has led on.
// data-send   the post goes into an outbox on the device before it is sent, with a key made here, and again until it is
//             answered: 2xx = received, 4xx = refused (the text comes back), anything else = later. In order per scope.
//             Only scopes of this page are sent: a form's own, or those that begin with <body data-outbox="dialogue:12:seat:7">,
//             because the cookie says whose they are. The view sees HX-Request and answers with a fragment (or 204).
// data-keep   what the browser sends itself stays in this tab until another page than an error has come, and is there again
//             when she goes back from the error or loads the page anew. Then it is forgotten.
// Events on the form (or on <body> when it is no longer there), detail {key, scope, …}: "queued", "sent" {html},
// "refused" {status, message}. Without a place to keep things the form is sent by the browser itself.
(() => {
  const DRAFT = 'draft:', OUTBOX = 'outbox:', DAY_MS = 86400000, KEEP_DAYS = 30, LONGEST_MS = 15000;
  const dirty = new Set(), busy = new Set(), tries = {}, timers = {};
  let saving, count = 0;

  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('');
  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const write = (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } };
  const drop = (key) => { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } };
  const kept = (prefix) => { try { return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).sort(); } catch { return []; } };
  const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.name !== 'key' && /^(textarea|text|search)$/.test(field.type));
  const formOf = (scope) => [...document.forms].find((form) => form.dataset.send === scope);

  function status(form, state, text) {
    const line = form?.querySelector('[data-draft-status]');
    if (!line || (line.dataset.state === state && !text)) return;
    line.dataset.state = state;
    line.textContent = text || line.dataset[state] || '';
  }

  // ------------------------------------------------------------ drafts

  function save(form) {
    const values = fieldsOf(form).map((field) => [field.name, field.value]);
    const key = DRAFT + form.dataset.draft;
    if (!values.some(([, value]) => value.trim())) { drop(key); status(form, ''); return; }
    status(form, write(key, { at: Date.now(), values }) ? 'saved' : 'unsaved');
  }
  function saveAll() {
    clearTimeout(saving);
    saving = 0;
    for (const form of dirty) if (form.isConnected) save(form);
    dirty.clear();
  }
  function restore(form) {
    const draft = read(DRAFT + form.dataset.draft);
    if (!draft) return;
    for (const [name, value] of draft.values) {
      const field = form.elements[name];
      if (field && value && field.value === field.defaultValue && document.activeElement !== field) field.value = value;
    }
    status(form, 'saved');
  }
  document.addEventListener('input', ({ target }) => {
    const form = target.form;
    if (!form?.dataset?.draft) return;
    status(form, 'saving');
    dirty.add(form);
    saving ||= setTimeout(saveAll, 1000);
  });
  addEventListener('pagehide', saveAll);
  document.addEventListener('htmx:beforeSwap', saveAll);   // what was written in the last second goes with its form
  document.addEventListener('visibilitychange', () => document.hidden && saveAll());

  document.addEventListener('reset', ({ target: form }) => {
    if (!form.dataset.draft) return;
    dirty.delete(form);
    drop(DRAFT + form.dataset.draft);
  });

  const LEFT = 'left';
  const cameBy = performance.getEntriesByType('navigation')[0];
  document.addEventListener('submit', (event) => {
    const { draft, send } = event.target.dataset;
    if (!draft || send || event.defaultPrevented) return;
    saveAll();
    try { sessionStorage.setItem(LEFT, draft); } catch { /* the draft stays */ }
  });
  function forgetSent() {
    let sent = null;
    try { sent = sessionStorage.getItem(LEFT); } catch { /* nothing was kept */ }
    if (!sent || cameBy?.type !== 'navigate' || !cameBy.redirectCount || document.querySelector('[data-error]')) return;
    sessionStorage.removeItem(LEFT);
    drop(DRAFT + sent);
  }

  // ------------------------------------------------------------ the outbox

  const entriesOf = (scope) => kept(OUTBOX + scope + '|');
  const scopeOf = (place) => place.slice(OUTBOX.length, place.lastIndexOf('|'));
  const tell = (scope, name, detail) => (formOf(scope) || document.body).dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { scope, ...detail } }));

  document.addEventListener('submit', (event) => {
    const form = event.target, scope = form.dataset.send, button = event.submitter;
    if (!scope || event.defaultPrevented) return;
    const data = new FormData(form);
    if (button?.name) data.append(button.name, button.value);
    const key = newKey();
    data.set('key', key);
    const url = button?.hasAttribute('formaction') ? button.formAction : form.action;
    const texts = fieldsOf(form).map((field) => [field.name, field.value]);
    const entry = { key, url, at: Date.now(), fields: [...data].filter(([, value]) => typeof value === 'string'), texts };
    const order = String(Date.now()).padStart(15, '0') + String(count++ % 1e6).padStart(6, '0');
    if (!write(`${OUTBOX}${scope}|${order}${key}`, entry)) return;   // the browser sends the form itself
    event.preventDefault();
    for (const field of fieldsOf(form)) field.value = '';
    dirty.delete(form);
    if (form.dataset.draft) drop(DRAFT + form.dataset.draft);
    pending(form, entry);
    status(form, 'saving');
    tell(scope, 'queued', { key });
    flush(scope);
  });

  // A line for what is saved on this device and not yet received.
  function pending(form, entry) {
    const template = form.querySelector('template[data-send-pending]');
    const text = entry.texts.map(([, value]) => value).join('\n').trim();
    if (!template || !text || document.querySelector(`[data-pending-key="${entry.key}"]`)) return;
    const line = template.content.firstElementChild.cloneNode(true);
    line.dataset.pendingKey = entry.key;
    line.querySelector('[data-text]').textContent = text;
    (document.querySelector(template.dataset.sendPending || null) || template.parentNode).append(line);
  }

  async function flush(scope) {
    if (busy.has(scope)) return;
    busy.add(scope);
    clearTimeout(timers[scope]);
    try {
      for (let place; (place = entriesOf(scope)[0]);) {
        const entry = read(place);
        if (!entry) { drop(place); continue; }
        const waitMs = await send(scope, place, entry);
        if (waitMs) {
          status(formOf(scope), 'queued');
          timers[scope] = setTimeout(flush, waitMs, scope);
          return;
        }
        tries[scope] = 0;
      }
    } finally {
      busy.delete(scope);
    }
  }

  // Gives 0 when the matter is settled, otherwise how long to wait.
  async function send(scope, place, entry) {
    const later = (answer) => (Number(answer?.headers.get('retry-after')) * 1000
      || Math.min(1000 * 2 ** (tries[scope] = (tries[scope] || 0) + 1), LONGEST_MS)) * (0.75 + Math.random() / 2);
    const token = document.querySelector('[name=csrfmiddlewaretoken]')?.value;
    const fields = entry.fields.map(([name, value]) => [name, name === 'csrfmiddlewaretoken' && token || value]);
    let answer, text;
    try {
      answer = await fetch(entry.url, {
        method: 'POST', body: new URLSearchParams(fields), credentials: 'same-origin', cache: 'no-store',
        headers: { 'HX-Request': 'true', 'HX-Current-URL': location.href, Accept: 'application/problem+json, text/html' },
      });
      text = await answer.text();
    } catch { return later(); }
    if (answer.redirected && /[?&]next=/.test(answer.url)) { location.assign(answer.url); return LONGEST_MS; }  // sign in first
    if (answer.status >= 500 || [408, 425, 429].includes(answer.status)) return later(answer);
    drop(place);
    document.querySelector(`[data-pending-key="${entry.key}"]`)?.remove();
    if (answer.ok) received(scope, entry, answer, text);
    else refused(scope, entry, answer, text);
    return 0;
  }

  function received(scope, entry, answer, html) {
    const form = formOf(scope);
    if (form && !entriesOf(scope).length && !dirty.has(form)) status(form, 'sent');
    const elsewhere = answer.headers.get('hx-redirect') || (answer.redirected && answer.url);
    if (elsewhere) return void location.assign(elsewhere);
    const target = form && document.querySelector(form.dataset.sendTarget || null);
    if (target && html.trim()) {
      const swapStyle = form.dataset.sendSwap || 'innerHTML';
      if (window.htmx) htmx.swap(target, html, { swapStyle });
      else if (swapStyle === 'innerHTML') target.innerHTML = html;
      else target.insertAdjacentHTML(swapStyle, html);
    }
    tell(scope, 'sent', { key: entry.key, html });
  }

  function refused(scope, entry, answer, text) {
    const form = formOf(scope);
    let message = '';
    try { const problem = JSON.parse(text); message = problem.detail || problem.title; } catch { /* a page, not a problem */ }
    if (form) {
      for (const [name, value] of entry.texts) {
        const field = form.elements[name];
        if (field && value) field.value = field.value && field.value !== value ? value + '\n' + field.value : value;
      }
      if (form.dataset.draft) save(form);
      const link = form.querySelector('[data-draft-download]');
      const words = entry.texts.map(([, value]) => value).join('\n');
      if (link && words.trim() && [403, 404, 410].includes(answer.status)) {
        link.href = URL.createObjectURL(new Blob([words], { type: 'text/plain;charset=utf-8' }));
        link.hidden = false;
      }
      status(form, 'failed', message);
    }
    tell(scope, 'refused', { key: entry.key, status: answer.status, message, texts: entry.texts });
  }

  // ------------------------------------------------------------ what the browser sends itself

  const SENT = 'sent';
  const controlsOf = (form) => [...form.elements].filter((field) => field.name && !/^(hidden|submit|button|file|password)$/.test(field.type));
  const isPicked = (field) => /^(checkbox|radio)$/.test(field.type);
  const stateOf = (form) => JSON.stringify(controlsOf(form).map((field) => [field.name, isPicked(field) ? field.checked : field.value]));
  const keeping = new Map([...document.querySelectorAll('form[data-keep]')].map((form) => [form, stateOf(form)]));

  const remember = (sent) => { try { sessionStorage.setItem(SENT, JSON.stringify(sent)); } catch { /* nothing is kept */ } };

  document.addEventListener('submit', ({ target: form }) => {
    if (keeping.has(form)) remember({ to: form.action, before: keeping.get(form), after: stateOf(form) });
  });
  function bringBack() {
    let sent = null;
    try { sent = JSON.parse(sessionStorage.getItem(SENT)); } catch { /* nothing was kept */ }
    if (!sent) return;
    if (document.querySelector('[data-error]')) {
      for (const line of document.querySelectorAll('[data-kept]')) line.hidden = false;
      remember({ ...sent, hasFailed: true });
      return;
    }
    const isNext = cameBy?.type === 'navigate';   // neither back nor loaded anew
    const form = [...keeping.keys()].find((one) => one.action === sent.to && keeping.get(one) === sent.before);
    if (isNext && !(sent.hasFailed && form)) sessionStorage.removeItem(SENT);
    else if (form) {
      const after = JSON.parse(sent.after), way = form.closest('details');
      controlsOf(form).forEach((field, at) => { field[isPicked(field) ? 'checked' : 'value'] = after[at][1]; });
      if (way) way.open = true;
    }
  }

  // ------------------------------------------------------------ when a page or a fragment comes

  function look(root) {
    for (const form of [...(root.matches?.('form') ? [root] : []), ...root.querySelectorAll('form')]) {
      if (form.dataset.draft) restore(form);
      if (!form.dataset.send) continue;
      for (const place of entriesOf(form.dataset.send)) { const entry = read(place); if (entry) pending(form, entry); }
      if (entriesOf(form.dataset.send).length) { status(form, 'queued'); flush(form.dataset.send); }
    }
    const mine = document.body.dataset.outbox;
    if (!mine) return;
    for (const scope of new Set(kept(OUTBOX + mine).map(scopeOf))) if (scope === mine || scope.startsWith(mine + ':')) flush(scope);
  }
  function tryAgain() {
    for (const scope of Object.keys(timers)) if (!busy.has(scope)) flush(scope);
  }
  for (const key of kept(DRAFT)) if (!(read(key)?.at > Date.now() - KEEP_DAYS * DAY_MS)) drop(key);
  addEventListener('online', tryAgain);
  document.body.addEventListener('live:link', ({ detail }) => detail.state !== 'off' && tryAgain());
  document.body.addEventListener('htmx:load', ({ detail }) => look(detail.elt));
  forgetSent();
  look(document);
  bringBack();
})();
