// The service worker. It stores the page's files on the device, so that the page opens at once and offline. Calls to the
// service do not pass through it: the page itself stores its replies (state/reply_store.ts).
//
// A new build has a new version of this file. It stores its files separately from those of the old build, and waits until no
// page of the old build is open. So an open page keeps all its files, and no page mixes two builds. A page that is loaded in
// the meantime is of the new build if the network answers, because index.html comes from the network first.

declare const __FILES__: readonly string[]; // the names of the built files; vite.config.ts inserts them

const worker = self as unknown as ServiceWorkerGlobalScope; // lib.webworker types `self` as any kind of worker

const BUILD = "/assets/"; // the edge adds the version of the build (edge/page.py)
const CACHES = "virtuoso:";
const CACHE = CACHES + BUILD;
const INDEX = "/index.html";
const PAGES = /^\/(?:signals|beta|alpha|alerts|symbol\/[^/]+)?$/;
const PATIENCE_MS = 2000;
const NAMES = __FILES__;
const FILES = new Set(NAMES.map((name) => BUILD + name));
const UNVERSIONED = ["/icon.svg", "/manifest.webmanifest"]; // without a version in their address, they are used offline only

worker.addEventListener("install", (event) => {
  event.waitUntil(install());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(deleteOtherCaches().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== worker.location.origin) return;
  if (event.request.mode === "navigate" && PAGES.test(pathname)) event.respondWith(networkFirst(event.request));
  else if (FILES.has(pathname)) event.respondWith(cacheFirst(event.request));
  else if (UNVERSIONED.includes(pathname))
    event.respondWith(fetch(event.request).catch(() => cacheFirst(event.request)));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path = "/alerts" } = (event.notification.data ?? {}) as { path?: string };
  event.waitUntil(bringUp(path));
});

/** Bring a window of the page to the front, at a path. */
async function bringUp(path: string): Promise<void> {
  const [open] = await worker.clients.matchAll({ type: "window" });
  if (open) {
    await open.focus();
    await open.navigate(path);
  } else {
    await worker.clients.openWindow(path);
  }
}

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  const others = UNVERSIONED.map((path) => new Request(path, { cache: "no-cache" }));
  const files = NAMES.map(async (name) => cache.put(BUILD + name, await fetchFile(name)));
  await Promise.all([cache.put(INDEX, await fetchIndex()), cache.addAll(others), ...files]);
}

async function fetchIndex(): Promise<Response> {
  const response = await fetch(INDEX, { cache: "no-cache" });
  const text = await response.clone().text();
  if (!text.includes(BUILD)) throw new Error("there is already a newer build"); // the newer build has its own service worker
  return response;
}

/** Return a file of this build. Use the file of an earlier build when the server says that it has not changed. */
async function fetchFile(name: string): Promise<Response> {
  const earlier = await earlierFile(name);
  const tag = earlier?.headers.get("ETag");
  const response = await fetch(BUILD + name, tag ? { headers: { "If-None-Match": tag } } : {});
  if (earlier && response.status === 304) return earlier;
  if (!response.ok) throw new Error(`${BUILD}${name}: ${response.status}`);
  return response;
}

async function earlierFile(name: string): Promise<Response | undefined> {
  for (const cacheName of await otherCaches()) {
    const found = await caches.match(cacheName.slice(CACHES.length) + name, { cacheName, ignoreVary: true });
    if (found) return found;
  }
  return undefined;
}

async function otherCaches(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith("virtuoso") && name !== CACHE);
}

async function deleteOtherCaches(): Promise<void> {
  await Promise.all((await otherCaches()).map((name) => caches.delete(name)));
}

/** Return a file from the cache of this build, or from the network when the cache was cleared. */
async function cacheFirst(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}

/** Return the page from the network, or from the cache when the network is down, slow or answers with an error. */
async function networkFirst(request: Request): Promise<Response> {
  const cached = await caches.match(INDEX, { cacheName: CACHE, ignoreVary: true });
  if (!cached) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(resolve, PATIENCE_MS, cached));
  const fresh = fetch(request).then((response) => (response.ok ? response : cached));
  return Promise.race([fresh.catch(() => cached), late]);
}
