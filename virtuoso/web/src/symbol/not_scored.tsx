import { ListMarketsResponseSchema, type VenueMarket, type Problem, UnscoredReason } from "virtuoso-market";
import { price, usd } from "../format.js";
import { live } from "../state/live.js";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { follow } from "../state/router.js";
import { funding } from "../tabs/dashboard/row_parts.js";
import { t, venueName } from "../texts/index.js";
import { Change, Empty, Fact, Panel, Term } from "../ui/index.js";
import { Candles } from "./candles.js";
import { OutlookPanel } from "./outlook.js";

/** The page of a market without a score: its figures and its chart, and why it has no score. */
export function UntrackedMarket({ symbol }: { symbol: string }) {
  const { reply, ...answer } = useQuery(`market:${symbol}`, ListMarketsResponseSchema, (signal) =>
    market.listMarkets({ query: symbol }, { signal }),
  ).value;
  const found = reply?.markets.find((one) => one.symbol === symbol);
  return (
    <>
      <Panel title={t().market.title} provenance={reply?.provenance} {...answer} class="untracked-market">
        {found ? <Figures found={found} /> : <Empty>{t().search.nothing(symbol)}</Empty>}
      </Panel>
      <OutlookPanel symbol={symbol} />
      <Candles symbol={symbol} unscored={found ?? {}} />
      <Panel title={t().depth.title} term="depth" provenance={reply?.provenance} {...answer}>
        <Empty>{t().depth.unscored}</Empty>
      </Panel>
    </>
  );
}

function Figures({ found }: { found: VenueMarket }) {
  const words = t().scores;
  const tracked = live.value.dashboard?.provenance.coverage?.expected ?? 0;
  const why = t().unscored[found.unscoredReason]?.(found.turnoverRank, tracked);
  return (
    <>
      {found.unscoredReason !== UnscoredReason.UNSPECIFIED && <p>{why ?? words.noScore}</p>}
      <dl class="facts">
        <Fact name={words.price} value={price(found.price, found.tickSize)} />
        <div>
          <dt>{words.fields.change24hPercent}</dt>
          <dd>
            <Change value={found.change24hPercent} />
          </dd>
        </div>
        <Fact name={words.fields.turnover24hUsd} value={usd(found.turnover24hUsd)} />
        <Fact name={<Term of="funding">{words.fields.fundingPercent}</Term>} value={funding(found)} />
        <Fact name={<Term of="openInterest">{t().sentiment.openInterest}</Term>} value={usd(found.openInterestUsd)} />
      </dl>
    </>
  );
}

/** A symbol that is not a market of the venue. */
export function NoSuchSymbol({ symbol, problem }: { symbol: string; problem: Problem }) {
  const { dashboard } = live.value;
  const words = t().symbolPage;
  const known = problem.reason === "SYMBOL_NOT_FOUND";
  const venue = dashboard ? venueName(dashboard.provenance.venue) : words.theExchange;
  return (
    <section class="panel not-scored">
      <h2>{known ? words.doesNotExist(symbol) : words.notASymbol(symbol)}</h2>
      <p>{known ? words.noPerpetual(venue) : words.whatASymbolIs}</p>
      <p class="faint">{t().market.says(problem.message)}</p>
      <p>
        <a href="/" onClick={follow}>
          {t().shell.toDashboard}
        </a>
      </p>
    </section>
  );
}
