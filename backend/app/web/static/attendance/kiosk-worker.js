// Keeps the kiosk's page and what it loads, so that a tablet works through a day without the network.
// SHELL stands in front of this, from the server: it changes with each release, and then this is another worker.

const KEPT = "kiosk-" + SHELL.join("|").split("").reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) >>> 0, 7);

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(KEPT);
    // Nobody's cookies: the page that is kept is the one for nobody.
    await cache.addAll(SHELL.map((address) => new Request(address, { cache: "reload", credentials: "omit" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("kiosk-") && name !== KEPT) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const address = url.pathname + (url.pathname === "/kiosk" ? "" : url.search);
  if (!SHELL.includes(address)) return;
  event.respondWith((async () => {
    const cache = await caches.open(KEPT);
    return (await cache.match(address, { ignoreVary: true })) || fetch(event.request);
  })());
});
