// Live updates: one stream of server-sent events per browser, room and audience, shared between its tabs.
//
//   <body data-live="/live/dialogue:12" data-live-audience="person" data-live-ticket="…" data-live-since="17"
//         data-live-ticket-url="/m/482913/ticket" data-live-delay="400">
//
// Each event becomes a DOM event "live:<name>" on <body> with detail {data, id}, so that
// <main hx-get="…" hx-trigger="live:step from:body, live:poll from:body"> fetches its own fragment.
//   live:ping    every 15 s; data.now is the server's clock in ms
//   live:poll    there is no stream, or too much was missed: ask for everything again
//   live:reload  too much was missed (live:poll follows)
//   live:gone    the page may no longer listen
// <body data-link> says how the line is: "on", "off", "back" (for four seconds after "off"); "live:link" tells a change.
// Nothing here moves focus or touches a field. It works over plain HTTP.
(() => {
  const body = document.body;
  const { live: url, liveAudience: audience = 'person', liveTicketUrl: ticketUrl } = body.dataset;
  if (!url) return;

  const SILENT_MS = 40000, POLL_AFTER_MS = 15000, POLL_MS = 8000, LONGEST_MS = 15000, HIDDEN_MS = 5000, BEAT_MS = 2000;
  const delay = Number(body.dataset.liveDelay ?? 400);
  const key = 'live:' + url + ':' + audience;
  const me = Math.random().toString(36).slice(2);
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel(key) : null;
  let ticket = body.dataset.liveTicket, since = Number(body.dataset.liveSince || 0), retryMs = 1000;
  let leading = false, release, running, tries = 0, wake, gone = false, downSince = 0, queue = [], linkTimer;

  const tell = (name, detail) => body.dispatchEvent(new CustomEvent('live:' + name, { detail, bubbles: true }));
  const say = (message) => channel?.postMessage(message);

  // ------------------------------------------------------------ what the page sees

  function link(state) {
    const before = body.dataset.link;
    if (state === 'on' && before === 'off') state = 'back';
    if (state === before || (state === 'on' && before === 'back')) return;
    clearTimeout(linkTimer);
    body.dataset.link = state;
    tell('link', { state });
    if (state === 'back') linkTimer = setTimeout(() => { body.dataset.link = 'on'; tell('link', { state: 'on' }); }, 4000);
    downSince = state === 'off' ? downSince || Date.now() : 0;
  }

  // Hundreds of phones hear the same event: each waits a moment of its own before it asks for anything.
  function heard(name, data, id) {
    if (name === 'ping') {
      since = Math.max(since, id);
      return void tell(name, { data, id });
    }
    if (id) {
      if (name !== 'reload' && id <= since) return;  // heard already, in another tab's stream
      since = id;
    }
    if (queue.push([name, { data, id }]) > 1) return;
    setTimeout(() => {
      const events = queue;
      queue = [];
      for (const [one, detail] of events) {
        tell(one, detail);
        if (one === 'reload') tell('poll', {});
      }
    }, Math.random() * delay);
  }

  // Without a stream for a while the page asks now and then; every tab for itself.
  (function poll() {
    setTimeout(() => {
      if (body.dataset.link === 'off' && Date.now() - downSince > POLL_AFTER_MS && !document.hidden) tell('poll', {});
      poll();
    }, POLL_MS * (0.75 + Math.random() / 2));
  })();

  // ------------------------------------------------------------ the stream, in the tab that leads

  const pause = (ms) => new Promise((done) => { wake = done; setTimeout(done, ms); });

  async function run() {
    if (running) return;
    const mine = running = {};
    while (leading && running === mine && !gone) {
      const control = mine.control = new AbortController();
      let waitMs = 0;
      try {
        waitMs = await listen(control);
      } catch {
        waitMs = Math.min(500 * 2 ** tries, LONGEST_MS) * (0.5 + Math.random() / 2);
      }
      if (!leading || running !== mine) return;
      if (++tries > 1) { link('off'); say({ link: 'off' }); }
      await pause(waitMs || retryMs * Math.random());
    }
  }

  // Reads until the line breaks; gives how long to wait, or throws when the wait should grow.
  async function listen(control) {
    const answer = await fetch(`${url}?ticket=${encodeURIComponent(ticket)}&since=${since}`,
      { signal: control.signal, cache: 'no-store', credentials: 'omit' });
    if (answer.status === 403) { await renew(); throw 0; }
    if (!answer.ok) {
      const after = Number(answer.headers.get('retry-after'));
      if (after) return after * 1000 * (1 + Math.random());
      throw answer.status;
    }
    const reader = answer.body.getReader(), decoder = new TextDecoder();
    let text = '', silent;
    const alive = () => { clearTimeout(silent); silent = setTimeout(() => control.abort(), SILENT_MS); };
    try {
      for (alive(); ;) {
        const { value, done } = await reader.read();
        if (done) return 0;
        alive();
        const blocks = (text + decoder.decode(value, { stream: true })).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) if (await take(block) === 'expired') return 1;
      }
    } finally {
      clearTimeout(silent);
      control.abort();
    }
  }

  async function take(block) {
    const { event, data = 'null', id, retry } = Object.fromEntries(block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }));
    if (retry) retryMs = Number(retry);
    if (event === 'hello') {
      tries = 0;
      link('on');
      say({ link: 'on' });
    } else if (event === 'expired') {
      await renew();
    } else {
      const message = { name: event, data: JSON.parse(data), id: Number(id) || 0 };
      heard(message.name, message.data, message.id);
      say(message);
    }
    return event;
  }

  async function renew() {
    if (!ticketUrl) throw 0;
    const answer = await fetch(ticketUrl, { cache: 'no-store', headers: { Accept: 'application/json' } });
    if ([401, 403, 404, 410].includes(answer.status)) { gone = true; tell('gone', {}); }
    if (!answer.ok) throw answer.status;
    ticket = (await answer.json()).ticket;
  }

  // ------------------------------------------------------------ which tab leads

  function lead(done) {
    release = done;
    leading = true;
    tries = 0;
    run();
  }
  function resign() {
    if (!leading) return;
    leading = false;
    running?.control?.abort();
    running = null;
    wake?.();
    release?.();
  }

  let stand, standDown;
  if (!channel) {
    stand = () => leading || lead();
    standDown = resign;
  } else if (navigator.locks) {                    // only where the page came over HTTPS or from localhost
    let asking;
    stand = () => {
      if (asking) return;
      const mine = asking = new AbortController();
      navigator.locks.request(key, { signal: mine.signal }, () => new Promise(lead)).catch(() => {})
        .finally(() => { if (asking === mine) asking = null; });
    };
    standDown = () => { const mine = asking; asking = null; resign(); mine?.abort(); };
  } else {                                         // a hall's own network: a heartbeat in localStorage
    let beat;
    const read = () => { try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; } };
    const write = () => { try { localStorage.setItem(key, JSON.stringify({ me, at: Date.now() })); } catch { /* each for itself */ } };
    const look = () => {
      const { me: who, at = 0 } = read();
      if (leading) {
        if (who && who !== me && Date.now() - at < 3 * BEAT_MS) resign(); else write();
      } else if (who === me) {
        lead();                                    // still mine after a while: nobody else stood
        write();
      } else if (Date.now() - at > 3 * BEAT_MS) {
        write();
        clearTimeout(beat);
        beat = setTimeout(look, 50 + Math.random() * 200);
        return;
      }
      clearTimeout(beat);
      beat = setTimeout(look, BEAT_MS * (0.8 + Math.random() * 0.4));
    };
    stand = () => { if (!beat) look(); };
    standDown = () => {
      clearTimeout(beat);
      beat = 0;
      resign();
      if (read().me === me) { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } say({ stand: true }); }
    };
    addEventListener('storage', (event) => { if (event.key === key && !event.newValue && beat) look(); });
  }

  channel?.addEventListener('message', ({ data: message }) => {
    if (message.since !== undefined) {             // a tab that just opened, and how far it knows
      if (leading) say({ have: since, link: body.dataset.link });
    } else if (message.name) {
      heard(message.name, message.data, message.id);
    } else if (!leading) {
      if (message.have > since) { since = message.have; tell('poll', {}); }
      if (message.link) link(message.link === 'off' ? 'off' : 'on');
    }
  });

  let hidden;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(standDown, HIDDEN_MS);  // a sleeping phone resumes by number when it wakes
    else { stand(); say({ since }); wake?.(); }
  });
  addEventListener('pagehide', standDown);
  addEventListener('pageshow', (event) => { if (event.persisted) stand(); });
  addEventListener('online', () => wake?.());
  addEventListener('offline', () => { if (leading) { link('off'); say({ link: 'off' }); } });
  stand();
  say({ since });
})();
