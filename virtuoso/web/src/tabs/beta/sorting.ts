import { type Beta, type BetaSpan, type BetaWindow } from "virtuoso-market";

/** The columns by which the table can be sorted. */
export const COLUMNS = ["symbol", "beta", "correlation", "rSquared", "alphaAnnualPercent"] as const;
export type Column = (typeof COLUMNS)[number];

/** A symbol and its figures in one window. Undefined when it has too few returns. */
export interface Row {
  readonly beta: Beta;
  readonly window: BetaWindow | undefined;
}

/** Return the rows of one window in the order of a column. Rows without figures come last in both directions. */
export function rowsOf(betas: readonly Beta[], span: BetaSpan, by: Column, ascending: boolean): Row[] {
  const sign = ascending ? 1 : -1;
  const rows = betas.map((beta) => ({ beta, window: beta.windows.find((one) => one.span === span) }));
  return rows.sort((a, b) => {
    if (!a.window || !b.window) return Number(!a.window) - Number(!b.window);
    if (by === "symbol") return sign * a.beta.symbol.localeCompare(b.beta.symbol);
    return sign * (a.window[by] - b.window[by]) || a.beta.symbol.localeCompare(b.beta.symbol);
  });
}
