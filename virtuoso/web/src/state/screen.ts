import { type ReadonlySignal, signal } from "@preact/signals";

/** Whether a media query holds, as it changes. */
export function matches(media: string): ReadonlySignal<boolean> {
  const query = matchMedia(media);
  const held = signal(query.matches);
  query.addEventListener("change", () => {
    held.value = query.matches;
  });
  return held;
}

/** Room for a list beside a page; styles/scores.css divides at the same width. */
export const wide = matches("(min-width: 73.75em)");
