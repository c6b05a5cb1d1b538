import { signal } from "@preact/signals";

/** This device's clock, epoch milliseconds, a second at a time: what shows an age reads this. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1000);
