import { type ConfluenceRow, Label } from "virtuoso-market";
import type { Chip, Sort } from "../../state/settings.js";
import { t } from "../../texts/index.js";
import { ROW_DIMENSIONS } from "../../ui/dimensions.js";

/** What the user chose to see, and in which order. */
export interface Choice {
  /** "long", "short", "disagreeing" or "all", or the symbols of a watchlist. */
  readonly chip: Exclude<Chip, number> | readonly string[];
  readonly minScore: number;
  readonly sort: Sort;
  readonly ascending: boolean;
}

/** The symbols that a choice shows, in an order that holds still while the values of the rows change. */
export interface Ranking {
  readonly choice: Choice;
  readonly symbols: readonly string[];
  /** The filters that hide rows. Each has the number of rows that it hides and that no earlier filter hides. */
  readonly hidden: readonly (readonly [filter: string, count: number])[];
  /** All symbols at that time. */
  readonly all: ReadonlySet<string>;
  readonly rankedMs: number;
}

type Rows = ReadonlyMap<string, ConfluenceRow>;

/** The time for which an order holds. */
export const HOLD_MS = 30_000;

/** Return true when the rows must be ranked again: the choice or the symbols are others, or the ranking is old. */
export function isRankingDue(before: Ranking, rows: Rows, choice: Choice, nowMs: number): boolean {
  if (before.choice !== choice || nowMs - before.rankedMs >= HOLD_MS || before.all.size !== rows.size) return true;
  return [...rows.keys()].some((symbol) => !before.all.has(symbol));
}

/** Filter and sort the rows. */
export function ranked(rows: Rows, choice: Choice, nowMs: number): Ranking {
  const { chip, minScore } = choice;
  const { filters: names } = t().scores;
  const filters: [string, boolean, (row: ConfluenceRow) => boolean][] = [
    [typeof chip === "string" ? names[chip] : names.watchlist, chip !== "all", (row) => belongs(row, chip)],
    [names.minimum(minScore), minScore > 0, (row) => row.score !== undefined && row.score >= minScore],
  ];
  let left = [...rows.values()];
  const hidden: [string, number][] = [];
  for (const [filter, active, passes] of filters) {
    if (!active) continue;
    const passed = left.filter(passes);
    if (passed.length < left.length) hidden.push([filter, left.length - passed.length]);
    left = passed;
  }
  const symbols = ordered(left, choice.sort, choice.ascending).map(({ symbol }) => symbol);
  return { choice, symbols, hidden, all: new Set(rows.keys()), rankedMs: nowMs };
}

function belongs(row: ConfluenceRow, chip: Choice["chip"]): boolean {
  if (typeof chip !== "string") return chip.includes(row.symbol);
  if (chip === "long") return row.label === Label.STRONG_BULLISH;
  if (chip === "short") return row.label === Label.STRONG_BEARISH;
  return chip === "all" || disagrees(row);
}

/** Return true when at least one dimension is bullish (60 and more) and at least one is bearish (40 and less). */
export function disagrees(row: ConfluenceRow): boolean {
  const scores = ROW_DIMENSIONS.flatMap((field) => row[field] ?? []);
  return Math.max(...scores) >= 60 && Math.min(...scores) <= 40;
}

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
