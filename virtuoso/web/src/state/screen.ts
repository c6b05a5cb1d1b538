import { type ReadonlySignal, signal } from "@preact/signals";
import { WIDTHS } from "../widths.js";

/** Return a signal that is true while a media query matches. */
export function matches(media: string): ReadonlySignal<boolean> {
  const query = matchMedia(media);
  const matching = signal(query.matches);
  query.addEventListener("change", () => {
    matching.value = query.matches;
  });
  return matching;
}

/** Whether the page is visible. */
export const visible = signal(document.visibilityState === "visible");
document.addEventListener("visibilitychange", () => {
  visible.value = document.visibilityState === "visible";
});

/** Call `act` when the current changes are on the screen. */
export function afterPaint(act: () => void): void {
  requestAnimationFrame(() => setTimeout(act));
}

/** Whether there is room for several panels side by side: the desk, or a list next to the page of one symbol. */
export const wide = matches(WIDTHS.desktop);

/** Whether the user asked for less motion. */
export const stillness = matches("(prefers-reduced-motion: reduce)");
