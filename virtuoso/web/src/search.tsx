import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type ConfluenceRow, ListMarketsResponseSchema, type VenueMarket } from "virtuoso-market";
import { assetName } from "./asset_names.js";
import { price, scoreExact } from "./format.js";
import { live } from "./state/live.js";
import { market } from "./state/market.js";
import { useQuery } from "./state/query.js";
import { go } from "./state/router.js";
import { t, venueName } from "./texts/index.js";
import { Change, Empty, Icon, OwnSource, Sheet, SymbolName, scoreDirection, symbolPath } from "./ui/index.js";
import { matching } from "./search_order.js";
import "./styles/search.css";

/** Whether the search is open. */
export const searchOpen = signal(false);

const close = () => {
  searchOpen.value = false;
};

/** The search over all markets of the venue, by symbol and by the full name of the asset. */
export function Search() {
  return (
    <Sheet open={searchOpen.value} onClose={close} title={t().search.title} class="search-sheet">
      <Field />
    </Sheet>
  );
}

function Field() {
  const [text, setText] = useState("");
  const { reply, heardMs } = useQuery("markets", ListMarketsResponseSchema, (abort) =>
    market.listMarkets({ pageSize: 1000 }, { signal: abort }),
  ).value;
  const { dashboard } = live.value;
  const found = matching(text, [...(dashboard?.rows.values() ?? [])], reply?.markets ?? []);
  const open = (symbol: string) => {
    close();
    go(symbolPath(symbol));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (found[0]) open(found[0].symbol);
      }}
    >
      <label class="search">
        <Icon name="search" />
        <input
          autofocus
          class="field"
          type="search"
          aria-label={t().search.title}
          placeholder={t().search.placeholder}
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="go"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {reply?.provenance ? (
        <div class="faint search-source">
          {t().search.venue(venueName(reply.provenance.venue))}{" "}
          <OwnSource provenance={reply.provenance} heardMs={heardMs} />
        </div>
      ) : (
        <p class="faint">{t().search.notLoaded}</p>
      )}
      {text && found.length === 0 && <Empty>{t().search.nothing(text)}</Empty>}
      <ul class="search-results">
        {found.map((one) => (
          <li key={one.symbol}>
            <button type="button" onClick={() => open(one.symbol)}>
              <Result found={one} row={dashboard?.rows.get(one.symbol)} />
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}

function Result({
  found,
  row,
}: {
  found: Pick<VenueMarket, "symbol"> & Partial<VenueMarket>;
  row: ConfluenceRow | undefined;
}) {
  const shown = row ?? found;
  return (
    <>
      <span class="symbol">
        <SymbolName symbol={found.symbol} />
        <small class="faint">{assetName(found.symbol)}</small>
      </span>
      <span>{price(shown.price, shown.tickSize)}</span>
      <Change value={shown.change24hPercent} />
      {row?.score === undefined ? (
        <small class="faint">{t().scores.noScore}</small>
      ) : (
        <b class={scoreDirection(row.score)}>{scoreExact(row.score)}</b>
      )}
    </>
  );
}
