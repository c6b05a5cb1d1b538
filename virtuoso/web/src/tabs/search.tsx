import type { Signal } from "@preact/signals";
import { Icon } from "../ui/index.js";

/** A field for a part of a symbol's name. */
export function SymbolSearch({ text }: { text: Signal<string> }) {
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        class="field"
        placeholder="Symbol"
        aria-label="Only symbols with this in their name"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

/** Whether a symbol has a searched text in its name. */
export const holds = (symbol: string, text: string): boolean => symbol.includes(text.trim().toUpperCase());
