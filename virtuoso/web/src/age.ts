import type { Dashboard, Live, Problem, Provenance } from "virtuoso-market";
import { durationToMs, ms } from "./format.js";

// The age of data and whether it is still current. These are pure functions with the clock as an argument.

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

/** Return true if the connection is lost, the data is stale or the last request failed. */
export function isOutdated(
  provenance: Provenance,
  connection: Live["connection"],
  staleId: string | undefined,
  problem: Problem | undefined,
): boolean {
  return connection !== "live" || isStale(provenance, staleId) || problem !== undefined;
}
