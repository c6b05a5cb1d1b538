import { computed, signal } from "@preact/signals";
import type { ConfluenceRow } from "virtuoso-market";
import { live } from "../../state/live.js";
import { type Sort, ascending, minScore, onlyWatched, search, sort, watched } from "../../state/settings.js";
import { ordered } from "./ordering.js";

/** The rows that are shown, in order, and the number of rows that each filter hides. */
interface Selection {
  readonly rows: readonly ConfluenceRow[];
  readonly total: number;
  /** The filters that hide rows. Each has the number of rows that it hides and that no earlier filter hides. */
  readonly hidden: readonly (readonly [filter: string, count: number])[];
}

// The rows at the time of a touch. Undefined while no finger touches the screen.
const heldRows = signal<ReadonlyMap<string, ConfluenceRow> | undefined>(undefined);

/** Keep the rows and their order during a touch. Otherwise a tap could start on one row and end on another. */
export function holdRows(): void {
  const over = new AbortController();
  const release = () => {
    over.abort();
    heldRows.value = undefined;
  };
  heldRows.value = live.peek().dashboard?.rows;
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    addEventListener(end, () => setTimeout(release), { signal: over.signal }); // after the click, which is the next event
  }
}

const allRows = computed(() => heldRows.value ?? live.value.dashboard?.rows);

export const selection = computed<Selection>(() => {
  const all = [...(allRows.value?.values() ?? [])];
  const watchlist = new Set(watched.value);
  const text = search.value.trim().toUpperCase();
  const least = minScore.value;
  const filters: [string, boolean, (row: ConfluenceRow) => boolean][] = [
    [`the search for "${search.value.trim()}"`, text !== "", (row) => row.symbol.toUpperCase().includes(text)],
    ["the watchlist", onlyWatched.value, (row) => watchlist.has(row.symbol)],
    [`the minimum score of ${least}`, least > 0, (row) => row.score !== undefined && row.score >= least],
  ];
  let rows = all;
  const hidden: [string, number][] = [];
  for (const [filter, active, passes] of filters) {
    if (!active) continue;
    const left = rows.filter(passes);
    if (left.length < rows.length) hidden.push([filter, rows.length - left.length]);
    rows = left;
  }
  return { rows: ordered(rows, sort.value, ascending.value), total: all.length, hidden };
});

/** Show every row again. */
export function clearFilters(): void {
  search.value = "";
  onlyWatched.value = false;
  minScore.value = 0;
}

/** Sort by a field. A second call with the same field reverses the order. */
export function sortBy(field: Sort): void {
  ascending.value = field === sort.value ? !ascending.value : field === "symbol";
  sort.value = field;
}

/** The names of the fields, in the order of the table. */
export const SORT_NAMES: Record<Sort, string> = {
  symbol: "Symbol",
  score: "Score",
  confidence: "Confidence",
  change24hPercent: "24 h change",
  turnover24hUsd: "Turnover",
  technical: "Technical",
  volume: "Volume",
  orderflow: "Order flow",
  orderbook: "Order book",
  priceStructure: "Structure",
  sentiment: "Sentiment",
};
