import { computed } from "@preact/signals";
import { ageMs, ms } from "../format.js";
import { now } from "./clock.js";
import { live } from "./live.js";

/** The market's own clock, epoch milliseconds, a second at a time: a recording's where one is played, and right where this
 * device's is not. What the market says happened is told from here; this device's clock until something was heard. */
export const moment = computed(() => {
  const dashboard = live.value.dashboard;
  const observed = ms(dashboard?.provenance.observedTime);
  const age = ageMs(dashboard?.provenance, dashboard?.heardMs, now.value);
  return observed === undefined || age === undefined ? now.value : observed + age;
});
