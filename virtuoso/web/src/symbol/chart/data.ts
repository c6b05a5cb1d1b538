import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ReadonlySignal, effect, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import {
  type Candle,
  GetMarketSeriesResponseSchema,
  GetScoreHistoryResponseSchema,
  ListAlertsResponseSchema,
  ListCandlesResponseSchema,
  ListSignalsResponseSchema,
  type ListCandlesResponse,
  type MarketSeries,
} from "virtuoso-market";
import type { Point } from "../../charts/indicators.js";
import type { Bar, FormingBar } from "../../charts/picture.js";
import { ms } from "../../format.js";
import { live } from "../../state/live.js";
import { market } from "../../state/market.js";
import { marketTime } from "../../state/market_time.js";
import { usePages } from "../../state/pages.js";
import { useQuery } from "../../state/query.js";
import { isCurrent } from "../head.js";
import { formingBars, withPrice } from "./forming.js";
import type { Frame } from "./frames.js";
import { SERIES, type SeriesLayer } from "./series.js";

const BARS = 300;
const MAX_POINTS = 288; // of one call of the history

/** Return the closed bars of a chart, newest first, page by page. */
export function useBars(symbol: string, { id, timeframe, step }: Frame) {
  return usePages(
    `candles:${symbol}:${id}`,
    ListCandlesResponseSchema,
    {
      call: (pageToken, signal) => market.listCandles({ symbol, timeframe, pageSize: BARS, pageToken }, { signal }),
      items: ({ candles }) => candles,
      next: ({ nextPageToken }) => nextPageToken,
      id: (candle) => String(opened(candle)),
      rank: opened,
    },
    15_000,
    (reply) => isNextDue(reply, step),
  );
}

/** Return the bars that have not closed. Without the live price of the symbol, they do not move. */
export function useFormingBars(
  symbol: string,
  { id, step, parts: shorter }: Frame,
  closed: readonly Bar[],
): ReadonlySignal<readonly FormingBar[]> {
  const { reply } = useQuery(
    shorter ? `parts:${symbol}:${id}` : "",
    ListCandlesResponseSchema,
    (signal) => {
      if (!shorter) return Promise.resolve(create(ListCandlesResponseSchema));
      const pageSize = Math.ceil(((marketTime.peek() / 1000) % step) / shorter.step) + 1;
      return market.listCandles({ symbol, timeframe: shorter.timeframe, pageSize }, { signal });
    },
    15_000,
    (newest) => !!shorter && isNextDue(newest, shorter.step),
  ).value;
  const parts = useMemo(() => (reply?.candles ?? []).map(toBar), [reply]);
  const seen = useSignal<readonly FormingBar[]>([]);
  const forming = useSignal<readonly FormingBar[]>([]);
  useEffect(
    () =>
      effect(() => {
        const { dashboard } = live.value;
        const price = dashboard?.rows.get(symbol)?.price;
        const at = ms(dashboard?.provenance.observedTime);
        if (!isCurrent.value || price === undefined || at === undefined) return;
        seen.value = withPrice(seen.peek(), price, at / 1000, step);
      }),
    [symbol, step, seen],
  );
  useEffect(
    () =>
      effect(() => {
        forming.value = formingBars(closed, parts, seen.value, step);
      }),
    [closed, parts, seen, forming, step],
  );
  return forming;
}

/** Return the scores of the newest bars. They are not asked for when they are not `wanted`. */
export function useScores(symbol: string, { id, step }: Frame, wanted: boolean) {
  const answer = useQuery(
    wanted ? `scores:${symbol}:${id}` : "",
    GetScoreHistoryResponseSchema,
    (signal) => {
      const start = (Math.floor(marketTime.peek() / 1000 / step) + 1 - MAX_POINTS) * step; // a point for each bar
      const resolution = { seconds: BigInt(step), nanos: 0 };
      return market.getScoreHistory({ symbol, startTime: timestampFromMs(start * 1000), resolution }, { signal });
    },
    30_000,
  ).value;
  const points = useMemo(
    () =>
      (answer.reply?.points ?? []).flatMap(({ observedTime, score }): Point[] =>
        score === undefined ? [] : [{ at: (ms(observedTime) ?? 0) / 1000, value: score }],
      ),
    [answer.reply],
  );
  return { points, problem: answer.problem };
}

const NONE: readonly MarketSeries[] = [];

/** Return the series of these layers. */
export function useSeries(symbol: string, layers: readonly SeriesLayer[]) {
  const kinds = [...new Set(layers.flatMap((layer) => SERIES[layer]))];
  const answer = useQuery(
    kinds.length ? `series:${symbol}:${kinds.join()}` : "",
    GetMarketSeriesResponseSchema,
    (signal) => market.getMarketSeries({ symbol, kinds }, { signal }),
    30_000,
  ).value;
  return { series: answer.reply?.series ?? NONE, problem: answer.problem };
}

/** Return the signals and the alerts of a symbol on a venue, newest first. */
export function useEvents(symbol: string, venue: string) {
  const signals = useQuery(`events:signals:${symbol}`, ListSignalsResponseSchema, (signal) =>
    market.listSignals({ symbols: [symbol], pageSize: 35 }, { signal }),
  ).value;
  const alerts = useQuery(`events:alerts:${symbol}`, ListAlertsResponseSchema, (signal) =>
    market.listAlerts({ symbols: [symbol], pageSize: 75 }, { signal }),
  ).value;
  return {
    signals: useMemo(() => (signals.reply?.signals ?? []).filter((one) => one.venue === venue), [signals.reply, venue]),
    alerts: useMemo(() => (alerts.reply?.alerts ?? []).filter((one) => one.venue === venue), [alerts.reply, venue]),
    problem: signals.problem ?? alerts.problem,
  };
}

const opened = ({ openTime }: Candle): number => ms(openTime) ?? 0;

/** Return a candle as a bar. */
export const toBar = (candle: Candle): Bar => {
  const { open, high, low, close, volume } = candle;
  return { time: opened(candle) / 1000, open, high, low, close, volume };
};

/** Return true when the bar after the newest one has closed, by the market's clock. */
function isNextDue({ candles }: ListCandlesResponse, step: number): boolean {
  const newest = candles.at(-1);
  const marketMs = ms(live.value.dashboard?.provenance.observedTime);
  return !newest || marketMs === undefined || marketMs >= opened(newest) + 2000 * step;
}
