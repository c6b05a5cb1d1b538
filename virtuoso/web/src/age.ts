import type { Dashboard, Live, Problem, Provenance } from "virtuoso-market";
import { durationToMs, ms } from "./format.js";

// How old data is, and whether it is still current. Pure functions: the clock is an argument.

/** Return the age of data in milliseconds: its age when it was sent, and the time since it was received. Return undefined
 * when one of the two is not known. */
export function ageMs(
  provenance: Provenance | undefined,
  heardMs: number | undefined,
  nowMs: number,
): number | undefined {
  const sentMs = durationToMs(provenance?.age);
  return sentMs === undefined || heardMs === undefined ? undefined : sentMs + Math.max(0, nowMs - heardMs);
}

/** Return the market's own clock, epoch milliseconds. It is the clock of the recording when one is replayed, and it is right
 * on a device whose clock is wrong. Return the device's clock `nowMs` before the first data. */
export function marketMs(dashboard: Dashboard | undefined, nowMs: number): number {
  const observedMs = ms(dashboard?.provenance.observedTime);
  const age = ageMs(dashboard?.provenance, dashboard?.heardMs, nowMs);
  return observedMs === undefined || age === undefined ? nowMs : observedMs + age;
}

/** Return true for a reply that is stale, or that was made from the snapshot `staleId`, which became stale later. */
export function isStale({ stale, snapshotId }: Provenance, staleId: string | undefined): boolean {
  return stale || snapshotId === staleId;
}

/** Return true for data that is not current: the connection is lost, the data is stale, or a newer reply did not come. */
export function isOutdated(
  provenance: Provenance,
  connection: Live["connection"],
  staleId: string | undefined,
  problem: Problem | undefined,
): boolean {
  return connection !== "live" || isStale(provenance, staleId) || problem !== undefined;
}
