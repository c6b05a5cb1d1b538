import { signal } from "@preact/signals";

/** This device's clock, epoch milliseconds. It changes once a second. Whatever shows an age reads it. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1000);
