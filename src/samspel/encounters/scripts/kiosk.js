// A tablet in a reception. A press is kept on the tablet before anything else happens; it is sent when four seconds have
// passed since the last touch, and again until the server has it. Each has a key made here, so that a retry is no second
// answer. Over HTTPS a worker keeps the page itself (kiosk_worker.js), so that a tablet that is started anew without a
// network still asks.
(() => {
  const box = document.querySelector('[data-send]');
  if (!box || !window.fetch) return;
  const form = document.querySelector('form.ask');
  const HEARD_MS = 120000, LONGEST_MS = 60000, AT_ONCE = 200;
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('');

  // ------------------------------------------------------------ what is kept: the browser's database, or its storage, or memory

  const STORE = `kiosk:${box.dataset.send}`;
  const memory = new Map();
  const opened = new Promise((done) => {
    try {
      const asked = indexedDB.open(STORE, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore('presses', { keyPath: 'key' });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = asked.onblocked = () => done(null);
    } catch { done(null); }
  });
  const inDatabase = (mode, act) => opened.then((database) => new Promise((done, failed) => {
    if (!database) { failed(new Error('no database')); return; }
    const change = database.transaction('presses', mode);
    const asked = act(change.objectStore('presses'));
    change.oncomplete = () => done(asked?.result);
    change.onerror = change.onabort = () => failed(change.error);
  }));
  const inStorage = (key, text) => { try { text ? localStorage.setItem(`${STORE}|${key}`, text) : localStorage.removeItem(`${STORE}|${key}`); } catch { /* the other places have it */ } };
  const stored = (key) => { try { return localStorage.getItem(`${STORE}|${key}`); } catch { return null; } };
  const ofStorage = () => { try { return Object.keys(localStorage).filter((name) => name.startsWith(`${STORE}|`)).map((name) => JSON.parse(localStorage.getItem(name))); } catch { return []; } };

  // The database answers later, on a busy tablet after it has been started anew: until then the press lies in the storage,
  // which has it at once.
  async function keep(press) {
    const text = JSON.stringify(press);
    memory.set(press.key, press);
    inStorage(press.key, text);
    try { await inDatabase('readwrite', (presses) => presses.put(JSON.parse(text))); } catch { return; }
    if (stored(press.key) === text) inStorage(press.key, null);
  }
  async function forget(keys) {
    for (const key of keys) { memory.delete(key); inStorage(key, null); }
    try { await inDatabase('readwrite', (presses) => { for (const key of keys) presses.delete(key); }); } catch { /* it was never there */ }
  }
  async function kept() {
    let found = [];
    try { found = await inDatabase('readonly', (presses) => presses.getAll()); } catch { /* the other places have it */ }
    const all = new Map([...found, ...ofStorage(), ...memory.values()].map((press) => [press.key, press]));
    return [...all.values()].filter((press) => press.key !== standing?.key).sort((one, other) => one.at - other.at);
  }

  // ------------------------------------------------------------ sending

  let sending = false, again, waitMs = 1000;
  async function send() {
    if (sending) return;
    sending = true;
    clearTimeout(again);
    let next = HEARD_MS;
    try {
      const all = await kept(), some = all.slice(0, AT_ONCE);
      const body = { clock: Date.now(), waiting: all.length - some.length, presses: some.map(({ key, level, at }) => ({ key, level, at })) };
      const answer = await fetch(box.dataset.send, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      await forget(told.done);
      waitMs = 1000;
      tell('');
      if (all.length > some.length) next = 0;
      // The round has closed or opened since the page was made: the server has the page for that.
      else if (told.asking !== Boolean(form) && !standing) location.reload();
    } catch {
      const all = await kept();
      tell(`${line?.dataset.offline || ''} ${all.length}${'serviceWorker' in navigator ? '' : `. ${line?.dataset.noWorker || ''}`}`, all.length);
      next = waitMs + Math.random() * 1000;
      waitMs = Math.min(waitMs * 2, LONGEST_MS);
    }
    sending = false;
    again = setTimeout(send, next);
  }
  const line = document.querySelector('[data-line]');
  function tell(text) {
    if (!line) return;
    line.hidden = !text;
    if (line.textContent !== text) line.textContent = text;
  }
  addEventListener('online', send);
  document.addEventListener('visibilitychange', () => !document.hidden && send());

  // ------------------------------------------------------------ pressing

  let standing = null, resetting;
  send();
  if (!form) return;
  const texts = JSON.parse(document.getElementById('texts').textContent);
  const levels = [...form.querySelectorAll('.tap')], words = ['bad', 'so_so', 'good'];
  const show = (state) => { for (const part of document.querySelectorAll('[data-when]')) part.hidden = part.dataset.when !== state; };
  const mark = (level) => { for (const each of levels) each.setAttribute('aria-pressed', String(each.value === String(level))); };

  function speak(code) {
    const said = texts[code];
    document.documentElement.lang = code;
    document.documentElement.dir = said.direction;
    for (const part of document.querySelectorAll('[data-text]')) part.textContent = said[part.dataset.text];
    for (const each of levels) each.lastChild.data = said[words[each.value - 1]];
    for (const way of document.querySelectorAll('[data-to]')) way.toggleAttribute('aria-current', way.dataset.to === code);
  }
  async function reset() {
    clearTimeout(resetting);
    standing = null;
    mark(0);
    show('ask');
    speak(form.dataset.lang);
    rest();
    send();
  }
  // Without a network nobody tells that the round is over; the page knows when it ends.
  function rest() {
    for (const each of levels) each.disabled = Date.now() >= Number(form.dataset.closesMs);
  }
  const soon = () => { clearTimeout(resetting); resetting = setTimeout(reset, form.dataset.resetS * 1000); };

  form.addEventListener('submit', (event) => {
    const level = Number(event.submitter?.value);
    if (!level) return;
    event.preventDefault();
    standing = standing || { key: newKey(), at: Date.now() };
    standing.level = level;
    keep(standing);
    mark(level);
    show('pressed');
    soon();
  });
  document.querySelector('.langs').addEventListener('click', (event) => {
    const way = event.target.closest('[data-to]');
    if (!way) return;
    event.preventDefault();
    speak(way.dataset.to);
    soon();
  });
  addEventListener('pointerdown', () => (standing || document.documentElement.lang !== form.dataset.lang) && soon());

  rest();

  // ------------------------------------------------------------ the page without a network

  async function keepPage() {
    if (!('serviceWorker' in navigator) || !window.caches) return;
    await navigator.serviceWorker.register(form.dataset.worker, { scope: '/k/' });
    const files = [...document.querySelectorAll('link[rel=stylesheet], script[src]')].map((each) => each.href || each.src);
    const cache = await caches.open('kiosk');
    await cache.addAll([location.pathname, ...files]);
    document.documentElement.dataset.kept = 'true';
    // Letters last: without them the page is as whole, in the tablet's own. Then what an earlier build left.
    await document.fonts.ready;
    const letters = performance.getEntriesByType('resource').map((each) => each.name).filter((name) => name.endsWith('.woff2'));
    await cache.addAll(letters);
    const wanted = new Set([new URL(location.pathname, location).href, ...files, ...letters]);
    for (const one of await cache.keys()) if (!wanted.has(one.url)) await cache.delete(one);
  }
  keepPage().catch(() => { /* the page needs the network then, and says so when it is gone */ });
})();
