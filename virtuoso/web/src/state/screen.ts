import { type ReadonlySignal, signal } from "@preact/signals";
import { WIDTHS } from "../widths.js";

/** Whether a media query holds, as it changes. */
export function matches(media: string): ReadonlySignal<boolean> {
  const query = matchMedia(media);
  const held = signal(query.matches);
  query.addEventListener("change", () => {
    held.value = query.matches;
  });
  return held;
}

/** Whether the page is on the screen. */
export const visible = signal(document.visibilityState === "visible");
document.addEventListener("visibilitychange", () => {
  visible.value = document.visibilityState === "visible";
});

/** Whether there is room for a list beside the page of one symbol. */
export const wide = matches(WIDTHS.desktop);
