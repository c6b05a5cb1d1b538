import type { Dashboard, Live, Problem, Provenance } from "virtuoso-market";
import { durationToMs, ms } from "./format.js";

// The age of data and whether it is still current. These are pure functions with the clock as an argument.

/** The state of the connection and of the data that came over it. Only "live" data is current. */
export type Status = "connecting" | "live" | "stale" | "silent" | "noData" | "noConnection" | "offline";

/** The service sends a heartbeat after 10 s without a message. */
const MAX_SILENCE_MS = 15_000;
/** Ages that differ by less are the same age. */
const SAME_AGE_MS = 5000;

/** Return the status of the page. `offline` is true while the device has no network. A message shows that it has one: the
 * service can be on the device itself. `silenceMs` is the time since the last message, or since the stream was opened. A
 * service that answers "no data" is connected. */
export function statusOf({ connection, dashboard, problem }: Live, offline: boolean, silenceMs: number): Status {
  if (offline && connection !== "live") return "offline";
  if (connection === "lost") return problem?.reason ? "noData" : "noConnection";
  if (silenceMs >= MAX_SILENCE_MS) return "silent";
  if (connection === "connecting" || !dashboard) return "connecting";
  return dashboard.provenance.stale ? "stale" : "live";
}

/** Return the age of data in milliseconds: its age when it was sent plus the time since it was received. Return undefined
 * when one of the two is unknown. */
export function ageMs(
  provenance: Provenance | undefined,
  heardMs: number | undefined,
  nowMs: number,
): number | undefined {
  const sentMs = durationToMs(provenance?.age);
  return sentMs === undefined || heardMs === undefined ? undefined : sentMs + Math.max(0, nowMs - heardMs);
}

/** Return true when two replies differ in age, or when one of the ages is unknown. */
export function differInAge(one: Received, other: Received): boolean {
  return !(Math.abs(bornMs(one) - bornMs(other)) < SAME_AGE_MS);
}

interface Received {
  readonly provenance: Provenance;
  readonly heardMs: number | undefined;
}

/** Return when data was new, by this device's clock. */
const bornMs = ({ provenance, heardMs }: Received) => (heardMs ?? NaN) - (durationToMs(provenance.age) ?? NaN);

/** Return the time of the market in epoch milliseconds. In a replay it is the time of the recording. It does not depend on
 * the clock of the device. Return the device time `nowMs` before the first data. */
export function marketMs(dashboard: Dashboard | undefined, nowMs: number): number {
  const observedMs = ms(dashboard?.provenance.observedTime);
  const age = ageMs(dashboard?.provenance, dashboard?.heardMs, nowMs);
  return observedMs === undefined || age === undefined ? nowMs : observedMs + age;
}

/** Return true for a stale reply. A reply from the snapshot `staleId` is also stale: that snapshot became stale after it was
 * sent. */
export function isStale({ stale, snapshotId }: Provenance, staleId: string | undefined): boolean {
  return stale || snapshotId === staleId;
}

/** Return true if the page is not live, the data is stale or the last request failed. */
export function isOutdated(
  provenance: Provenance,
  status: Status,
  staleId: string | undefined,
  problem: Problem | undefined,
): boolean {
  return status !== "live" || isStale(provenance, staleId) || problem !== undefined;
}
