import { signal } from "@preact/signals";
import { createMarket } from "virtuoso-market";
import { fetchOrTake } from "./early_call.js";

/** The client of the service that served this page. */
export const market = createMarket({ baseUrl: location.origin, fetch: fetchOrTake });

/** Receives the event "wake" when the network is back or the page is visible again. */
export const wake = new EventTarget();

/** Whether the device says that it has no network. */
export const offline = signal(!navigator.onLine);
for (const event of ["online", "offline"]) {
  addEventListener(event, () => {
    offline.value = !navigator.onLine;
  });
}

const wakeUp = () => {
  if (document.visibilityState === "visible") wake.dispatchEvent(new Event("wake"));
};
addEventListener("online", wakeUp);
addEventListener("pageshow", wakeUp);
document.addEventListener("visibilitychange", wakeUp);

const HIDDEN_MS = 20_000;

/** Return once the page is visible. */
export function whenVisible(): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    check();
  });
}

/** Return a signal that is aborted when the page has been hidden for 20 seconds. */
export function hiddenSignal(): AbortSignal {
  const hidden = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") return;
    timer = setTimeout(() => {
      document.removeEventListener("visibilitychange", check);
      hidden.abort();
    }, HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", check);
  check();
  return hidden.signal;
}
