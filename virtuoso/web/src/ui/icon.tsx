/** Symbols that are drawn in index.html, where the shell of the first paint uses them too. */
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

/** A drawing beside words, or within a button that has a name. */
export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg class={filled ? "icon filled" : "icon"} aria-hidden="true">
      <use href={`#${name}`} />
    </svg>
  );
}
