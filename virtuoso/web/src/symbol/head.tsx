import { computed, useComputed } from "@preact/signals";
import type { ConfluenceRow, GetConfluenceResponse } from "virtuoso-market";
import { countdown, durationToMs, ms, percent, price, usd } from "../format.js";
import { live, status } from "../state/live.js";
import { marketTime } from "../state/market_time.js";
import { back } from "../state/router.js";
import { t } from "../texts/index.js";
import { Change, Icon, Moving, SymbolName, Term, Value, WatchStar } from "../ui/index.js";

/** Return the newest row of a symbol as a signal. A component that reads it renders only when this row changes. */
export function useRow(symbol: string) {
  return useComputed((): ConfluenceRow | undefined => live.value.dashboard?.rows.get(symbol));
}

/** True while prices are current. */
export const isCurrent = computed(() => status.value === "live");

/** The symbol and its live price. The price of `reply` is shown before the first dashboard. */
export function Head({ symbol, reply }: { symbol: string; reply?: GetConfluenceResponse | undefined }) {
  const row = useRow(symbol).value ?? reply;
  return (
    <header class="symbol-head">
      <button type="button" class="icon-button" aria-label={t().symbolPage.back} onClick={back}>
        <Icon name="back" />
      </button>
      <h1>
        <SymbolName symbol={symbol} />
      </h1>
      <WatchStar symbol={symbol} />
      {row && (
        <div class={`symbol-price ${isCurrent.value ? "" : "old"}`}>
          <b>
            <Moving value={row.price}>{price(row.price, row.tickSize)}</Moving>
          </b>
          <Change value={row.change24hPercent} />
          <span class="muted">
            {t().symbolPage.turnover} <Value>{usd(row.turnover24hUsd)}</Value>
          </span>
          {reply?.fundingDayPercent !== undefined && (
            <span class="muted">
              <Term of="funding">{funding(reply)}</Term>
              <NextFunding time={ms(reply.nextFundingTime)} />
            </span>
          )}
        </div>
      )}
    </header>
  );
}

/** The funding rate per day, and as the exchange states it. */
function funding({ fundingDayPercent, fundingPercent, fundingInterval }: GetConfluenceResponse): string {
  const hours = (durationToMs(fundingInterval) ?? 0) / 3_600_000;
  return t().symbolPage.funding(
    percent(fundingDayPercent, 3),
    percent(fundingPercent, 4),
    `${hours}${t().units.hours}`,
  );
}

/** The time until the next payment, by the market's clock. */
function NextFunding({ time }: { time: number | undefined }) {
  const left = time === undefined ? 0 : time - marketTime.value;
  return left > 0 ? <Value>{t().chart.nextFunding(countdown(left))}</Value> : null;
}
