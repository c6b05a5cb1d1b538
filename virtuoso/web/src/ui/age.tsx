import type { Provenance } from "virtuoso-market";
import { ageMs } from "../age.js";
import { span } from "../format.js";
import { now } from "../state/clock.js";

/** The age of data, ticking: only this renders each second. */
export function Age({ provenance, heardMs }: { provenance: Provenance | undefined; heardMs: number | undefined }) {
  const age = ageMs(provenance, heardMs, now.value);
  return <span class="age">{age === undefined ? "age not known" : `${span(age)} old`}</span>;
}
