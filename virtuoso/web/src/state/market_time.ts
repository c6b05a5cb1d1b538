import { computed } from "@preact/signals";
import { marketMs } from "../age.js";
import { now } from "./clock.js";
import { live } from "./live.js";

/** The market's own clock, epoch milliseconds. It changes once a second. Compare times from the market with it. */
export const marketTime = computed(() => marketMs(live.value.dashboard, now.value));
