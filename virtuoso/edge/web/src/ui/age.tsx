import type { Provenance } from "virtuoso-market";
import { durationOf, span } from "../format.js";
import { now } from "../state/clock.js";

/** How old data is: its age when it was sent and what has passed since. Undefined where either is not known. Milliseconds. */
export function ageMs(provenance: Provenance | undefined, heardMs: number | undefined, nowMs: number) {
  const sent = durationOf(provenance?.age);
  return sent === undefined || heardMs === undefined ? undefined : sent + Math.max(0, nowMs - heardMs);
}

/** The age of data, ticking: only this renders each second. */
export function Age({ provenance, heardMs }: { provenance: Provenance | undefined; heardMs: number | undefined }) {
  const age = ageMs(provenance, heardMs, now.value);
  return <span class="age">{age === undefined ? "age not known" : `${span(age)} old`}</span>;
}
