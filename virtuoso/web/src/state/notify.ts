import { type Alert, AlertLevel } from "virtuoso-market";
import { t } from "../texts/index.js";
import { go } from "./router.js";
import { storedSignal } from "./stored_signal.js";

// Notifications of this device. They appear only while the page is open, because the service does not push.

/** Whether the user has switched notifications on. */
export const notifying = storedSignal("notifying", (stored) => stored === true);

/** Return the browser's permission, or "unsupported" when it has no notifications. */
export const permission = (): NotificationPermission | "unsupported" =>
  "Notification" in globalThis ? Notification.permission : "unsupported";

/** Switch notifications on or off. Call this in a tap handler, because browsers ask for permission only then. */
export async function setNotifying(on: boolean): Promise<void> {
  if (on && permission() === "default") await Notification.requestPermission();
  notifying.value = on && permission() === "granted";
}

const MAX_SINGLE = 3;

/** Show alerts, oldest first, when notifications are on. More than three alerts become one notification. */
export async function notify(alerts: readonly Alert[]): Promise<void> {
  const newest = alerts.at(-1);
  if (!newest || !notifying.value || permission() !== "granted") return;
  if (alerts.length > MAX_SINGLE) {
    await show(t().alerts.newAlerts(alerts.length), newest.text, newest.cursor, "/alerts");
    return;
  }
  for (const { kind, symbol, text, level, cursor } of alerts) {
    const name = t().alertKinds[kind] ?? t().alerts.other;
    const path = symbol ? `/symbol/${encodeURIComponent(symbol)}` : "/alerts";
    await show(level === AlertLevel.CRITICAL ? t().alerts.critical(name) : name, text, cursor, path);
  }
}

async function show(title: string, body: string, tag: string, path: string): Promise<void> {
  const options = { body, tag, data: { path } }; // with the same tag in two windows, only one notification is shown
  const worker = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration() : undefined;
  if (worker?.active) {
    await worker.showNotification(title, options); // the only method that phones support
    return;
  }
  try {
    new Notification(title, options).onclick = () => {
      focus();
      go(path);
    };
  } catch {
    // a phone without a service worker: the page itself shows the alert
  }
}
