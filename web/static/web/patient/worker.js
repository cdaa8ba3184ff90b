/**
 * The patient's service worker: pages and modules are kept, so that receipts can be checked without a
 * network. Always the network first; what is kept answers only when there is none. Answers of the API
 * are never kept: they hold a person's data, and a shell holds none.
 */
const CACHE = "rx-pages-1";
const SHELLS = ["/patient/receipts", "/patient/receipt", "/patient/me", "/patient/"];
const KEPT = /^\/(static\/(web|ledger)\/|words\.js$|patient\/)/;
const NEVER = /^\/patient\/worker\.js$/;
const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.{0,2}\/[^"']+\.js)["']/g;
const LINKED = /(?:src|href)="([^"#]+\.(?:js|css|svg))(?:#[^"]*)?"/g;

self.addEventListener("install", (event) => event.waitUntil(keepAll().then(() => self.skipWaiting())));

self.addEventListener("activate", (event) => event.waitUntil(forgetOlder().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || !KEPT.test(pathname) || NEVER.test(pathname)) return;
  event.respondWith(answered(request, pathname));
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

/** The shells that show receipts, and all that they load, found by following links and imports. */
async function keepAll() {
  const pages = await caches.open(CACHE), known = new Set(SHELLS), waiting = [...SHELLS];
  while (waiting.length) {
    const found = await Promise.all(waiting.splice(0).map((path) => kept(pages, path)));
    for (const path of found.flat()) if (!known.has(path) && known.add(path)) waiting.push(path);
  }
}

/** Keep one file; the paths that it names. */
async function kept(pages, path) {
  const answer = await fetch(path, { cache: "no-cache", credentials: "same-origin" });
  if (answer.status === 404) return (await answer.body?.cancel(), []); // named in a comment only; unread, it would hold its connection
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  await pages.put(path, answer.clone());
  if (!SHELLS.includes(path) && !path.endsWith(".js")) return [];
  const pattern = SHELLS.includes(path) ? LINKED : IMPORTED, text = await answer.text();
  const named = [...text.matchAll(pattern)].map(([, name]) => new URL(name, self.location.origin + path).pathname);
  return named.filter((one) => KEPT.test(one));
}

async function forgetOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("rx-pages-") && name !== CACHE).map((name) => caches.delete(name)));
}
