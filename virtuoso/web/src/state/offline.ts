import { effect } from "@preact/signals";
import { connection } from "./live.js";

/** Have the service worker keep the page's files on this device, once the market is on the screen: they must not delay it.
 * Browsers have service workers on https and on this very machine only; elsewhere the page works without. */
export function keepPage(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const stop = effect(() => {
    if (connection.value !== "live") return;
    queueMicrotask(() => stop());
    navigator.serviceWorker.register("/sw.js").catch(() => undefined); // refused, as in private windows: opens online only
  });
}
