import { type Alert, AlertLevel } from "virtuoso-market";
import { ALERTS } from "../words.js";
import { kept } from "./kept.js";
import { go } from "./router.js";

// Notifications of this device while the page is open. No server pushes: with the page closed nothing comes.

/** Whether they are wanted. Off until a person switches them on. */
export const notifying = kept("notifying", (stored) => stored === true);

/** What the browser allows; "unsupported" where it has none. */
export const permission = (): NotificationPermission | "unsupported" =>
  "Notification" in globalThis ? Notification.permission : "unsupported";

/** Switch them on or off. Call it from a tap: browsers ask the person only then. */
export async function setNotifying(on: boolean): Promise<void> {
  if (on && permission() === "default") await Notification.requestPermission();
  notifying.value = on && permission() === "granted";
}

const MOST_AT_ONCE = 3;

/** Show alerts, oldest first, where it is wanted and allowed; many at once as one. */
export async function notify(alerts: readonly Alert[]): Promise<void> {
  const newest = alerts.at(-1);
  if (!newest || !notifying.value || permission() !== "granted") return;
  if (alerts.length > MOST_AT_ONCE) {
    return show(`${alerts.length} new alerts`, newest.text, newest.cursor, "/alerts");
  }
  for (const { kind, symbol, text, level, cursor } of alerts) {
    const urgent = level === AlertLevel.CRITICAL ? "Critical: " : "";
    await show(
      urgent + (ALERTS[kind] ?? "Alert"),
      text,
      cursor,
      symbol ? `/symbol/${encodeURIComponent(symbol)}` : "/alerts",
    );
  }
}

async function show(title: string, body: string, tag: string, path: string): Promise<void> {
  const options = { body, tag, data: { path } }; // the same tag from two windows shows once
  const worker = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration() : undefined;
  if (worker?.active) return worker.showNotification(title, options); // phones allow no other way
  try {
    new Notification(title, options).onclick = () => {
      focus();
      go(path);
    };
  } catch {
    // a phone without a service worker: the page itself shows the alert
  }
}
