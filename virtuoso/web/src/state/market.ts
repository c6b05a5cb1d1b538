import { createMarket } from "virtuoso-market";

/** The service that this page came from. */
export const market = createMarket({ baseUrl: location.origin });

/** "wake" is dispatched when the network or the screen is back. */
export const wake = new EventTarget();

const wakeUp = () => {
  if (document.visibilityState === "visible") wake.dispatchEvent(new Event("wake"));
};
addEventListener("online", wakeUp);
addEventListener("pageshow", wakeUp);
document.addEventListener("visibilitychange", wakeUp);

const AWAY_MS = 20_000;

/** When the page is on the screen. */
export function seen(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

/** Aborted when the page has been off the screen for a while. */
export function unseen(): AbortSignal {
  const away = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") return;
    timer = setTimeout(() => {
      document.removeEventListener("visibilitychange", look);
      away.abort();
    }, AWAY_MS);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return away.signal;
}
