import { computed, signal } from "@preact/signals";
import type { ConfluenceRow } from "virtuoso-market";
import { live } from "../../state/live.js";
import { type Sort, ascending, minScore, onlyWatched, search, sort, watched } from "../../state/settings.js";
import { ordered } from "./ordering.js";

/** The rows that are shown, in their order, and what each filter hides. */
export interface Choice {
  readonly rows: readonly ConfluenceRow[];
  readonly total: number;
  /** Filters that hide something, in words, with how many rows each hides that those before it did not. */
  readonly hidden: readonly (readonly [filter: string, count: number])[];
}

// The rows as they were when a finger came down; undefined while none is down.
const heldRows = signal<ReadonlyMap<string, ConfluenceRow> | undefined>(undefined);

/** Hold the rows and their order while a finger is down. Otherwise it could come down on one row and lift from another. */
export function hold(): void {
  const over = new AbortController();
  const release = () => {
    over.abort();
    heldRows.value = undefined;
  };
  heldRows.value = live.peek().dashboard?.rows;
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    addEventListener(end, () => setTimeout(release), { signal: over.signal }); // after the click, which comes next
  }
}

const known = computed(() => heldRows.value ?? live.value.dashboard?.rows);

export const choice = computed<Choice>(() => {
  const all = [...(known.value?.values() ?? [])];
  const stars = new Set(watched.value);
  const wanted = search.value.trim().toUpperCase();
  const least = minScore.value;
  const filters: [string, boolean, (row: ConfluenceRow) => boolean][] = [
    [`the search for "${search.value.trim()}"`, wanted !== "", (row) => row.symbol.toUpperCase().includes(wanted)],
    ["the watchlist", onlyWatched.value, (row) => stars.has(row.symbol)],
    [`the minimum score of ${least}`, least > 0, (row) => row.score !== undefined && row.score >= least],
  ];
  let rows = all;
  const hidden: [string, number][] = [];
  for (const [words, active, passes] of filters) {
    if (!active) continue;
    const left = rows.filter(passes);
    if (left.length < rows.length) hidden.push([words, rows.length - left.length]);
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

/** Sort by a field; by the same one again: the other way round. */
export function sortBy(field: Sort): void {
  ascending.value = field === sort.value ? !ascending.value : field === "symbol";
  sort.value = field;
}

/** Fields in words, in the order of the table. */
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
