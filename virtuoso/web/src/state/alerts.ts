import { computed, signal } from "@preact/signals";
import { type Alert, AlertKind, AlertLevel, type Problem, followAlerts, problemOf } from "virtuoso-market";
import { market, wake } from "./market.js";
import { notify } from "./notify.js";
import { storedSignal } from "./stored_signal.js";

const MAX_RECENT = 200;
const CURSOR = /^[0-9]{1,19}$/;

/** The alerts since the last visit to the page of alerts on this device, newest first, at most 200. */
export const recent = signal<readonly Alert[]>([]);
/** Why the stream of alerts is interrupted. Undefined while it is live. */
export const alertsProblem = signal<Problem | undefined>(undefined);

/** The filter by level: less urgent alerts are neither shown nor notified. */
export const minLevel = storedSignal("alertLevel", (stored) => memberOf(AlertLevel, stored) ?? AlertLevel.INFO);
/** The filter by kind. An empty list accepts every kind. */
export const kinds = storedSignal("alertKinds", (stored): readonly AlertKind[] =>
  Array.isArray(stored) ? stored.map((kind) => memberOf(AlertKind, kind)).filter((kind) => kind !== undefined) : [],
);

/** Return true for an alert that the filters accept. */
export const passesFilters = ({ kind, level }: Alert): boolean =>
  level >= minLevel.value && (!kinds.value.length || kinds.value.includes(kind));

// The cursor of the newest alert that was seen on this device. Empty before the first visit.
const seenCursor = storedSignal("alertsSeen", (stored) =>
  typeof stored === "string" && CURSOR.test(stored) ? stored : "",
);
const newestCursor = signal("");
// The value of `seenCursor` when the page of alerts was opened.
const cursorAtOpening = signal("");

/** The number of alerts that the filters accept and that were not seen on this device, at most 200. */
export const unread = computed(
  () => recent.value.filter((alert) => passesFilters(alert) && isAfter(alert.cursor, seenCursor.value)).length,
);

/** Return true for an alert that had not been seen when the page of alerts was opened. */
export const isNew = ({ cursor }: Alert): boolean =>
  cursorAtOpening.value !== "" && isAfter(cursor, cursorAtOpening.value);

/** Record that the page of alerts was opened. */
export function markOpened(): void {
  cursorAtOpening.value = seenCursor.peek();
}

/** Record that all alerts have been seen. */
export function markSeen(): void {
  if (isAfter(newestCursor.value, seenCursor.peek())) seenCursor.value = newestCursor.value;
}

/** Follow alerts forever. The first visit starts with the next alert. Later visits start with the first alert that was
 * missed. */
export async function followNewAlerts(): Promise<void> {
  for (let from = await catchUp(); ; from = "") {
    try {
      for await (const { alerts, cursor, problem } of followAlerts(market, { cursor: from, wake })) {
        alertsProblem.value = problem;
        if (!cursor) continue;
        if (!seenCursor.peek()) seenCursor.value = cursor;
        if (!cursorAtOpening.peek()) cursorAtOpening.value = cursor;
        add([...alerts].reverse(), cursor);
        void notify(alerts.filter(passesFilters));
      }
    } catch (error) {
      alertsProblem.value = problemOf(error);
      if (!from) return;
      seenCursor.value = cursorAtOpening.value = ""; // a new history refuses the cursors of the previous one
    }
  }
}

/** Add the alerts since the last visit, at most 100. Return the cursor after which to follow. */
async function catchUp(): Promise<string> {
  if (!seenCursor.peek()) return "";
  try {
    const reply = await market.listAlerts({ pageSize: 100 });
    add(
      reply.alerts.filter(({ cursor }) => isAfter(cursor, seenCursor.peek())),
      reply.newestCursor,
    );
    return reply.newestCursor;
  } catch {
    return seenCursor.peek(); // the stream delivers all of them once the history is back
  }
}

function add(newestFirst: readonly Alert[], cursor: string): void {
  newestCursor.value = cursor;
  if (newestFirst.length) recent.value = [...newestFirst, ...recent.peek()].slice(0, MAX_RECENT);
}

const isAfter = (cursor: string, other: string): boolean => BigInt(cursor || 0) > BigInt(other || 0);

function memberOf<Member extends number>(
  members: Readonly<Record<string, string | Member>>,
  stored: unknown,
): Member | undefined {
  return Object.values(members).find((one): one is Member => typeof one === "number" && one > 0 && one === stored);
}
