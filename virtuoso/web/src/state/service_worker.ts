import { effect } from "@preact/signals";
import { connection } from "./live.js";
import { afterPaint } from "./screen.js";

/** Register the service worker, which stores the page's files on this device. It is registered after the first data, so that
 * its downloads do not delay the data. Browsers allow service workers only on https and on localhost. The page works without
 * one. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const stop = effect(() => {
    if (connection.value !== "live") return;
    queueMicrotask(() => stop());
    afterPaint(() => {
      navigator.serviceWorker.register("/sw.js").catch(() => undefined); // private windows refuse it
    });
  });
}
