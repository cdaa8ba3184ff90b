/**
 * What the service workers of all areas do, behind the list of one (`AREA/worker.js`): SHELLS are its
 * pages that open without a network, FILES what no page names, KEPT the paths that may be kept. The
 * network comes first; what is kept answers only when there is none. Answers of the API are never
 * kept: they hold a person's data, and a shell holds none.
 */
const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.{0,2}\/[^"']+\.js)["']/g;
const LINKED = /(?:src|href)="([^"#]+\.(?:js|css|svg))(?:#[^"]*)?"/g;

self.addEventListener("install", (event) => event.waitUntil(keepAll().then(() => self.skipWaiting())));

self.addEventListener("activate", (event) => event.waitUntil(forgetOlder().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || !KEPT.test(pathname) || pathname === self.location.pathname) return;
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

/** The shells and all that they load, found by following links and imports. */
async function keepAll() {
  const pages = await caches.open(CACHE), known = new Set([...SHELLS, ...FILES]), waiting = [...known];
  while (waiting.length) {
    const found = await Promise.all(waiting.splice(0).map((path) => kept(pages, path)));
    for (const path of found.flat()) if (!known.has(path) && known.add(path)) waiting.push(path);
  }
}

/** Keep one file; the paths that it names. */
async function kept(pages, path) {
  const isShell = SHELLS.includes(path), answer = await fetch(path, { cache: "no-cache", credentials: "same-origin" });
  if (answer.status === 404 && !isShell) return (await answer.body?.cancel(), []); // named in a comment only; unread, it would hold its connection
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  await pages.put(path, answer.clone());
  if (!isShell && !path.endsWith(".js")) return [];
  const text = await answer.text(), named = [...text.matchAll(isShell ? LINKED : IMPORTED)];
  return named.map(([, name]) => new URL(name, self.location.origin + path).pathname).filter((one) => KEPT.test(one));
}

/** Of this area: what another version of its worker has kept. Caches are shared by the whole origin. */
async function forgetOlder() {
  const family = CACHE.replace(/[0-9]+$/, ""), names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(family) && name !== CACHE).map((name) => caches.delete(name)));
}
