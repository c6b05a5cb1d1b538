// The service worker: keeps the page's own files, so that it opens at once and offline. Calls to the service never pass
// through it: what was last heard is kept by the page itself (state/archive.ts), with its time.
//
// A new build is a new version of this file. It fetches its files beside those in use and waits until no page of the old
// build is open: nothing is taken away, or loaded anew, under anyone's fingers. A page that is loaded meanwhile is the new one
// where the network answers, since index.html is asked for first.

declare const __FILES__: readonly string[]; // by vite.config.ts
declare const __VERSION__: string;

const worker = self as unknown as ServiceWorkerGlobalScope; // which lib.webworker cannot know

const CACHE = `virtuoso-${__VERSION__}`;
const INDEX = "/index.html";
const PAGES = /^\/(?:signals|beta|alpha|alerts|symbol\/[^/]+)?$/;
const PATIENCE_MS = 2000;
const FILES = new Set(__FILES__);
const BESIDE = ["/icon.svg", "/manifest.webmanifest"]; // may change under their names: kept for want of a network only

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll([...FILES, ...BESIDE].map((file) => new Request(file, { cache: "no-cache" })))),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== worker.location.origin) return;
  if (event.request.mode === "navigate" && PAGES.test(pathname)) event.respondWith(networkFirst(event.request));
  else if (FILES.has(pathname)) event.respondWith(keptFirst(event.request));
  else if (BESIDE.includes(pathname)) event.respondWith(fetch(event.request).catch(() => keptFirst(event.request)));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path = "/alerts" } = (event.notification.data ?? {}) as { path?: string };
  event.waitUntil(bringUp(path));
});

/** A window of the page in front, at a path. */
async function bringUp(path: string): Promise<void> {
  const [open] = await worker.clients.matchAll({ type: "window" });
  if (open) {
    await open.focus();
    await open.navigate(path);
  } else {
    await worker.clients.openWindow(path);
  }
}

async function dropOthers(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith("virtuoso-") && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** A file of this build: under the names in the list it never changes while this version is in charge. */
async function keptFirst(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}

/** The page from the network; from here where that is away, slow or ill. */
async function networkFirst(request: Request): Promise<Response> {
  const kept = await caches.match(INDEX, { cacheName: CACHE, ignoreVary: true });
  if (!kept) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  const fresh = fetch(request).then((response) => (response.ok ? response : kept));
  return Promise.race([fresh.catch(() => kept), late]);
}
