import { computed, effect, signal } from "@preact/signals";
import type { ConfluenceRow } from "virtuoso-market";
import { live } from "../../state/live.js";
import { type Sort, ascending, chip, minScore, sort, watchlists } from "../../state/settings.js";
import { type Choice, type Ranking, isRankingDue, ranked } from "./ordering.js";

/** The rows that are shown, in order. */
interface Selection extends Pick<Ranking, "symbols" | "hidden"> {
  readonly rows: readonly ConfluenceRow[];
  readonly total: number;
}

const choice = computed<Choice>(() => ({
  chip: typeof chip.value === "number" ? (watchlists.value[chip.value]?.symbols ?? "all") : chip.value,
  minScore: minScore.value,
  sort: sort.value,
  ascending: ascending.value,
}));

const NO_ROWS: ReadonlyMap<string, ConfluenceRow> = new Map();
const allRows = computed(() => live.value.dashboard?.rows ?? NO_ROWS);
const ranking = signal(ranked(NO_ROWS, choice.peek(), 0));
let touched = false;

effect(() => {
  const [rows, chosen, before] = [allRows.value, choice.value, ranking.peek()];
  const held = touched && before.choice === chosen;
  if (!held && isRankingDue(before, rows, chosen, Date.now())) ranking.value = ranked(rows, chosen, Date.now());
});

/** Keep the order during a touch. Otherwise a tap could start on one row and end on another. */
export function holdOrder(): void {
  const over = new AbortController();
  touched = true;
  const release = () => {
    over.abort();
    touched = false;
  };
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    addEventListener(end, () => setTimeout(release), { signal: over.signal }); // after the click, which is the next event
  }
}

export const selection = computed<Selection>(() => {
  const { symbols, hidden } = ranking.value;
  const rows = symbols.flatMap((symbol) => allRows.value.get(symbol) ?? []);
  return { rows, total: allRows.value.size, symbols, hidden };
});

/** Show every row again. */
export function clearFilters(): void {
  chip.value = "all";
  minScore.value = 0;
}

/** Sort by a field. A second call with the same field reverses the order. */
export function sortBy(field: Sort): void {
  ascending.value = field === sort.value ? !ascending.value : field === "symbol";
  sort.value = field;
}
