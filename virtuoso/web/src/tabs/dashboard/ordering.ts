import type { ConfluenceRow } from "virtuoso-market";
import type { Sort } from "../../state/settings.js";

/** Return the rows sorted by a field. Rows without a value come last in both directions. Equal rows are in the order of
 * their symbols. */
export function ordered(rows: readonly ConfluenceRow[], field: Sort, ascending: boolean): ConfluenceRow[] {
  return [...rows].sort((a, b) => compare(a[field], b[field], ascending) || (a.symbol < b.symbol ? -1 : 1));
}

function compare(a: string | number | undefined, b: string | number | undefined, ascending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (a === b) return 0;
  return (a < b ? -1 : 1) * (ascending ? 1 : -1);
}
