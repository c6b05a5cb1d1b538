import { computed, useComputed } from "@preact/signals";
import type { ConfluenceRow, GetConfluenceResponse } from "virtuoso-market";
import { price, usd } from "../format.js";
import { live } from "../state/live.js";
import { go } from "../state/router.js";
import { Change, Icon, Source, SymbolName, Value, WatchStar } from "../ui/index.js";

/** The row of a symbol as last heard; a component that reads it renders when that row changes, and only then. */
export function useRow(symbol: string) {
  return useComputed((): ConfluenceRow | undefined => live.value.dashboard?.rows.get(symbol));
}

/** Whether prices are those of this moment. */
export const isNow = computed(() => {
  const { connection, dashboard } = live.value;
  return connection === "live" && dashboard?.provenance.stale === false;
});

/** The symbol and its price, live. `reply` stands in until the dashboard is there. */
export function Head({ symbol, reply }: { symbol: string; reply?: GetConfluenceResponse | undefined }) {
  const row = useRow(symbol).value ?? reply;
  return (
    <header class="symbol-head">
      <button type="button" class="icon-button" aria-label="Back" onClick={back}>
        <Icon name="back" />
      </button>
      <h1>
        <SymbolName symbol={symbol} />
      </h1>
      <WatchStar symbol={symbol} />
      {row && (
        <div class={`symbol-price ${isNow.value ? "" : "old"}`}>
          <b>{price(row.price)}</b>
          <Change value={row.change24hPercent} />
          <span class="muted">
            24 h turnover <Value>{usd(row.turnover24hUsd)}</Value>
          </span>
          <PriceSource symbol={symbol} />
        </div>
      )}
    </header>
  );
}

/** Where the live price came from, and how old it is. */
function PriceSource({ symbol }: { symbol: string }) {
  const { dashboard } = live.value;
  if (!dashboard?.rows.has(symbol)) return null;
  return <Source provenance={dashboard.provenance} heardMs={dashboard.heardMs} />;
}

function back(): void {
  if (history.length > 1) history.back();
  else go("/");
}
