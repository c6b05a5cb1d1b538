/** The widths at which the layout changes. Each is defined only here. Styles use its name, as in `@media (--tablet)`, which
 * vite.config.ts replaces. The unit is em, so a screen with larger text counts as a narrower screen. */
export const WIDTHS = {
  /** Phones with text of twice the normal size: the price moves below the symbol. */
  "large-text": "(max-width: 17em)",
  /** Narrow phones: tables omit a figure, and the six dimensions take two lines. */
  narrow: "(max-width: 23.6875em)",
  /** Phones: the table of betas shows base assets only. */
  phone: "(max-width: 30em)",
  /** Tablets: two columns, framed cards. */
  tablet: "(min-width: 47.5em)",
  /** Large tablets: the tabs are at the side, filters are above their list, and sheets open from the right. */
  "side-tabs": "(min-width: 56.25em)",
  /** Desktops: panels side by side. */
  desktop: "(min-width: 80em)",
} as const;
