import type { Signal } from "@preact/signals";
import { t } from "../texts/index.js";
import { Icon } from "../ui/index.js";

/** A search field for symbols, by a part of their names. */
export function SymbolSearch({ text }: { text: Signal<string> }) {
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        class="field"
        placeholder={t().lists.symbol}
        aria-label={t().lists.searchSymbols}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

/** Return true for a symbol that contains the searched text. */
export const matchesSearch = (symbol: string, text: string): boolean => symbol.includes(text.trim().toUpperCase());
