import { signal } from "@preact/signals";

/** This device's clock, epoch milliseconds. It changes once a second. Components that show an age read it. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1000);
