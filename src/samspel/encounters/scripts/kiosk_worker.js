// Serves a tablet's page, its style and its script when there is no network. The page itself puts them here (kiosk.js).
// What is pressed never passes here.
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  event.respondWith(request.mode === 'navigate' ? page(request) : file(request));
});

// The newest page, unless the network is away or takes longer than a visitor waits.
async function page(request) {
  const stored = () => caches.match(request, { ignoreSearch: true });
  const slow = new Promise((done) => setTimeout(done, 4000)).then(stored);
  const fresh = fetch(request).then((answer) => (answer.status < 500 ? answer : stored().then((found) => found || answer)));
  return Promise.race([fresh.catch(() => null), slow.then((found) => found || new Promise(() => {}))])
    .then(async (answer) => answer || (await stored()) || Response.error());
}

// Styles and scripts have their build in the address: what was kept is right.
async function file(request) {
  return (await caches.match(request)) || fetch(request);
}
