import { computed, effect, signal } from "@preact/signals";
import { live } from "./live.js";
import { storedSignal } from "./stored_signal.js";

const chosen = storedSignal("selected", (stored) => (typeof stored === "string" ? stored : ""));
const used = signal(false);

/** The symbol whose chart and breakdown are shown beside the list. Undefined where only the list is shown. */
export const selected = computed(() => (used.value && isSelectable(chosen.value) ? chosen.value : undefined));

/** Return true for a symbol in the list of scores. */
export const isSelectable = (symbol: string): boolean => live.value.dashboard?.rows.has(symbol) ?? false;

export function select(symbol: string): void {
  chosen.value = symbol;
}

/** Keep a symbol selected: the one of the last visit, or the first one of the list. Return a function that ends this. */
export function keepSelected(first: () => string | undefined): () => void {
  used.value = true;
  const stop = effect(() => {
    const symbol = first();
    if (symbol && !isSelectable(chosen.value)) chosen.value = symbol;
  });
  return () => {
    stop();
    used.value = false;
  };
}
