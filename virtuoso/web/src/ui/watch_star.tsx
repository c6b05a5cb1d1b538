import { starredList, toggleWatched, watchlists } from "../state/settings.js";
import { t } from "../texts/index.js";
import { Icon } from "./icon.js";

/** A button that adds a symbol to the watchlist that is shown, or removes it. */
export function WatchStar({ symbol }: { symbol: string }) {
  const list = starredList();
  const on = !!watchlists.value[list]?.symbols.includes(symbol);
  return (
    <button
      type="button"
      class={`icon-button star ${on ? "on" : ""}`}
      aria-pressed={on}
      aria-label={t().watchlists.watch(symbol)}
      onClick={() => toggleWatched(symbol, list)}
    >
      <Icon name="star" filled={on} />
    </button>
  );
}
