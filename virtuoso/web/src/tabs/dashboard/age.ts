import { computed } from "@preact/signals";
import { ageMs } from "../../age.js";
import { span } from "../../format.js";
import { now } from "../../state/clock.js";
import { live } from "../../state/live.js";

/** The age of all rows, as text: they come from one snapshot. */
export const rowsAge = computed(() => {
  const { dashboard } = live.value;
  const age = ageMs(dashboard?.provenance, dashboard?.heardMs, now.value);
  return age === undefined ? "" : span(age);
});
