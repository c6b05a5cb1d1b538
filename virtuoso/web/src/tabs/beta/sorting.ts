import { type Beta, type BetaSpan, type BetaWindow } from "virtuoso-market";

/** What the table can be sorted by. */
export const COLUMNS = [
  ["symbol", "Symbol"],
  ["beta", "Beta"],
  ["correlation", "Corr."],
  ["rSquared", "R²"],
  ["alphaAnnualPercent", "Alpha a year"],
] as const;
export type Column = (typeof COLUMNS)[number][0];

/** A symbol and its figures in one window; undefined where it has too few returns. */
export interface Row {
  readonly beta: Beta;
  readonly window: BetaWindow | undefined;
}

/** The rows of one window in the order of a column; those without figures last either way. */
export function rowsOf(betas: readonly Beta[], span: BetaSpan, by: Column, ascending: boolean): Row[] {
  const way = ascending ? 1 : -1;
  const rows = betas.map((beta) => ({ beta, window: beta.windows.find((one) => one.span === span) }));
  return rows.sort((a, b) => {
    if (!a.window || !b.window) return Number(!a.window) - Number(!b.window);
    if (by === "symbol") return way * a.beta.symbol.localeCompare(b.beta.symbol);
    return way * (a.window[by] - b.window[by]) || a.beta.symbol.localeCompare(b.beta.symbol);
  });
}
