import { useComputed } from "@preact/signals";
import type { Signal } from "virtuoso-market";
import { live } from "../../state/live.js";
import { venueName } from "../../texts/index.js";

/** The name of the signal's venue, if another venue is in use now: prices of that one say nothing about the signal. */
export function useOtherVenue({ venue }: Signal) {
  return useComputed(() => {
    const used = live.value.dashboard?.provenance.venue;
    return used === undefined || used === venue ? undefined : venueName(venue);
  });
}
