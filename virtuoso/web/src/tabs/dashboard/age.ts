import { computed } from "@preact/signals";
import { ageMs } from "../../age.js";
import { timeSpan } from "../../format.js";
import { now } from "../../state/clock.js";
import { live } from "../../state/live.js";

/** The age of all rows as text. The age is the same for all rows, because they come from one snapshot. */
export const rowsAge = computed(() => {
  const { dashboard } = live.value;
  const age = ageMs(dashboard?.provenance, dashboard?.heardMs, now.value);
  return age === undefined ? "" : timeSpan(age);
});
