import { computed, signal } from "@preact/signals";
import { type Alert, AlertKind, AlertLevel, type Problem, followAlerts, problemOf } from "virtuoso-market";
import { kept } from "./kept.js";
import { market, wake } from "./market.js";
import { notify } from "./notify.js";

const MOST = 200;
const CURSOR = /^[0-9]{1,19}$/;

/** Alerts that came since they were last looked at on this device, newest first, at most 200. */
export const recent = signal<readonly Alert[]>([]);
/** Why no alerts come just now. */
export const alertsLost = signal<Problem | undefined>(undefined);

/** Only at least so urgent ones are shown and notified. */
export const minLevel = kept("alertLevel", (stored) => oneOf(AlertLevel, stored) ?? AlertLevel.INFO);
/** Only these kinds are; all when there are none. */
export const kinds = kept("alertKinds", (stored): readonly AlertKind[] =>
  Array.isArray(stored) ? stored.map((one) => oneOf(AlertKind, one)).filter((one) => one !== undefined) : [],
);

/** Whether the filters let it through. */
export const passes = ({ kind, level }: Alert): boolean =>
  level >= minLevel.value && (!kinds.value.length || kinds.value.includes(kind));

// Up to where they were looked at on this device ("": never yet), and up to where they were heard.
const seen = kept("alertsSeen", (stored) => (typeof stored === "string" && CURSOR.test(stored) ? stored : ""));
const heard = signal("");
// How far alerts had been looked at when the page of alerts was opened.
const seenAtOpening = signal("");

/** Alerts that nobody has looked at on this device, at most 200. */
export const unread = computed(() => recent.value.filter(({ cursor }) => isAfter(cursor, seen.value)).length);

/** Return true for an alert that nobody had looked at when the page of alerts was opened. */
export const isNew = ({ cursor }: Alert): boolean => seenAtOpening.value !== "" && isAfter(cursor, seenAtOpening.value);

/** Record that the page of alerts is opened. */
export function markOpened(): void {
  seenAtOpening.value = seen.peek();
}

/** All that was heard has been looked at. */
export function markSeen(): void {
  if (isAfter(heard.value, seen.peek())) seen.value = heard.value;
}

/** Follow alerts for ever. A first visit begins with what happens from now on; others with what came in between. */
export async function followNews(): Promise<void> {
  for (let from = await missed(); ; from = "") {
    try {
      for await (const { alerts, cursor, problem } of followAlerts(market, { cursor: from, wake })) {
        alertsLost.value = problem;
        if (!cursor) continue;
        if (!seen.peek()) seen.value = cursor;
        if (!seenAtOpening.peek()) seenAtOpening.value = cursor;
        hear([...alerts].reverse(), cursor);
        void notify(alerts.filter(passes));
      }
    } catch (error) {
      alertsLost.value = problemOf(error);
      if (!from) return;
      seen.value = seenAtOpening.value = ""; // a history that begins anew refuses the cursors of the one before
    }
  }
}

/** Hear what came since the last visit, at most 100, and say where to go on. */
async function missed(): Promise<string> {
  if (!seen.peek()) return "";
  try {
    const { alerts, newestCursor } = await market.listAlerts({ pageSize: 100 });
    hear(
      alerts.filter(({ cursor }) => isAfter(cursor, seen.peek())),
      newestCursor,
    );
    return newestCursor;
  } catch {
    return seen.peek(); // the stream brings them all when the history is back
  }
}

function hear(newestFirst: readonly Alert[], cursor: string): void {
  heard.value = cursor;
  if (newestFirst.length) recent.value = [...newestFirst, ...recent.peek()].slice(0, MOST);
}

const isAfter = (cursor: string, other: string): boolean => BigInt(cursor || 0) > BigInt(other || 0);

function oneOf<T extends number>(all: Readonly<Record<string, string | T>>, stored: unknown): T | undefined {
  return Object.values(all).find((one): one is T => typeof one === "number" && one > 0 && one === stored);
}
