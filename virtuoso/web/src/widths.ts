/** The widths at which the layout changes. Each stands here only: styles name it, as in `@media (--tablet)`, and
 * vite.config.ts puts the width in its place. They are in em, so a screen with larger text counts as a narrower one. */
export const WIDTHS = {
  /** A phone whose text is twice as large as usual: a score moves beneath its symbol. */
  "large-text": "(max-width: 17em)",
  /** The narrowest phones: tables leave out a figure, the six dimensions take two lines. */
  narrow: "(max-width: 23.6875em)",
  /** Phones: names in tables are short. */
  phone: "(max-width: 30em)",
  /** Tablets: two columns, framed cards. */
  tablet: "(min-width: 47.5em)",
  /** Large tablets: the tabs stand at the side, filters stand above their list, sheets come from the right. */
  "side-tabs": "(min-width: 56.25em)",
  /** Desktops: a list stands beside the page of one symbol. */
  desktop: "(min-width: 73.75em)",
} as const;
