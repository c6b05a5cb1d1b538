import { computed } from "@preact/signals";
import { marketMs } from "../age.js";
import { now } from "./clock.js";
import { live } from "./live.js";

/** The market's own clock, epoch milliseconds, once a second. Times that come from the market are compared with it. */
export const moment = computed(() => marketMs(live.value.dashboard, now.value));
