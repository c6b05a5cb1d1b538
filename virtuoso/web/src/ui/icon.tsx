/** The icons. Their shapes are in index.html, which needs them for the first paint. */
export type IconName =
  | "mark"
  | "dashboard"
  | "signals"
  | "beta"
  | "alpha"
  | "alerts"
  | "settings"
  | "close"
  | "back"
  | "search"
  | "sort"
  | "filter"
  | "star"
  | "more";

/** An icon. It always has text next to it, or is in a button with a label. */
export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg class={`icon ${filled ? "filled" : ""}`} aria-hidden="true">
      <use href={`#${name}`} />
    </svg>
  );
}
