import type { Provenance } from "virtuoso-market";
import { ageMs } from "../age.js";
import { timeSpan } from "../format.js";
import { now } from "../state/clock.js";
import { t } from "../texts/index.js";

/** The age of data. It renders once a second without rendering its parent. */
export function Age({ provenance, heardMs }: { provenance: Provenance | undefined; heardMs: number | undefined }) {
  const age = ageMs(provenance, heardMs, now.value);
  return <span class="age">{age === undefined ? t().ageUnknown : t().old(timeSpan(age))}</span>;
}
