import { toggleWatched, watched } from "../state/settings.js";
import { Icon } from "./icon.js";

/** A button that adds a symbol to the watchlist or removes it. */
export function WatchStar({ symbol }: { symbol: string }) {
  const on = watched.value.includes(symbol);
  return (
    <button
      type="button"
      class={`icon-button star ${on ? "on" : ""}`}
      aria-pressed={on}
      aria-label={`Watch ${symbol}`}
      onClick={() => toggleWatched(symbol)}
    >
      <Icon name="star" filled={on} />
    </button>
  );
}
