/**
 * The counter's service worker: the page for giving out offline and what it loads are kept, so that it
 * opens again without a network. The network comes first; answers of the API are never kept.
 */
const CACHE = "rx-counter-1", SHELL = "/pharmacy/offline";
const KEPT = /^\/(static\/(web|ledger)\/|words\.js$|pharmacy\/offline$)/;
const CAMERA = "/static/web/vendor/zxing-wasm/reader/zxing_reader.wasm";
const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+\.js)["']/g;
const LINKED = /(?:src|href)="([^"#]+\.(?:js|css|svg))(?:#[^"]*)?"/g;

self.addEventListener("install", (event) => event.waitUntil(keepAll().then(() => self.skipWaiting())));

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method === "GET" && origin === self.location.origin && KEPT.test(pathname)) event.respondWith(answered(request, pathname));
});

/** From the network, and kept; without one, what was kept. */
async function answered(request, pathname) {
  const pages = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.type === "basic") await pages.put(pathname, answer.clone());
    return answer;
  } catch (fault) {
    const kept = await pages.match(pathname);
    if (kept) return kept;
    throw fault;
  }
}

/** The page and all that it loads, found by following its links and imports. */
async function keepAll() {
  const pages = await caches.open(CACHE), known = new Set([SHELL, CAMERA]), waiting = [...known];
  while (waiting.length) {
    const found = await Promise.all(waiting.splice(0).map((path) => kept(pages, path)));
    for (const path of found.flat()) if (!known.has(path) && known.add(path)) waiting.push(path);
  }
}

/** Keep one file; the paths that it names. What only its comments name is not there, and not missed. */
async function kept(pages, path) {
  const answer = await fetch(path, { cache: "no-cache", credentials: "same-origin" });
  if (answer.status === 404 && path !== SHELL) return (await answer.body?.cancel(), []); // unread, it would hold its connection
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  await pages.put(path, answer.clone());
  if (path !== SHELL && !path.endsWith(".js")) return [];
  const text = await answer.text(), named = [...text.matchAll(path === SHELL ? LINKED : IMPORTED)];
  return named.map(([, name]) => new URL(name, self.location.origin + path).pathname).filter((one) => KEPT.test(one));
}
