import { type MarketSeries, SeriesKind } from "virtuoso-market";
import { type Point, onBars, sumOnBars } from "../../charts/indicators.js";
import type { Pane, Plot } from "../../charts/picture.js";
import { amount, fixed, ms, percent, usd } from "../../format.js";
import { t } from "../../texts/index.js";

/** The panes of series, with the kinds of their series. */
export const SERIES = {
  funding: [SeriesKind.FUNDING_RATE],
  openInterest: [SeriesKind.OPEN_INTEREST],
  longShort: [SeriesKind.LONG_SHORT_RATIO],
  takerDelta: [SeriesKind.TAKER_DELTA],
  cvd: [SeriesKind.TAKER_DELTA],
  liquidations: [SeriesKind.LONG_LIQUIDATIONS, SeriesKind.SHORT_LIQUIDATIONS],
} as const satisfies Record<string, readonly SeriesKind[]>;
export type SeriesLayer = keyof typeof SERIES;
export const SERIES_LAYERS = Object.keys(SERIES) as SeriesLayer[];

const SUM_S = 300; // the length of a sum
const USUAL_S = 600; // values are usually five minutes apart

/** Return the pane of one layer. It has no values where the series has none. */
export function seriesPane(
  layer: SeriesLayer,
  series: readonly MarketSeries[],
  times: readonly number[],
  step: number,
): Pane {
  const of = (kind: SeriesKind) => pointsOf(series.find((one) => one.kind === kind));
  const [kind] = SERIES[layer];
  const points = of(kind);
  const sums = points.map(atEnd);
  const name = t().chart.layers[layer];
  const plot = (values: Plot["values"], show: Plot["show"]): Plot => ({ name, values, show, colour: "--accent" });
  switch (layer) {
    case "funding":
      return { plots: [plot(onBars(points, times, step, spacing(points)), (value) => percent(value, 4))], lines: [0] };
    case "openInterest":
      return { plots: [plot(onBars(points, times, step, USUAL_S), amount)] };
    case "longShort":
      return { plots: [plot(onBars(points, times, step, USUAL_S), (value) => fixed(value, 2))], lines: [1] };
    case "takerDelta":
      return { plots: [{ ...plot(sumOnBars(sums, times, step), signedAmount), kind: "signed" }], lines: [0] };
    case "cvd":
      return { plots: [plot(onBars(cumulated(points).map(atEnd), times, step, SUM_S), signedAmount)], lines: [0] };
    case "liquidations": {
      const words = t().chart.liquidated;
      const longs = of(SeriesKind.LONG_LIQUIDATIONS).map(({ at, value }) => ({ at, value: -value }));
      const shorts = of(SeriesKind.SHORT_LIQUIDATIONS);
      const bars = (some: readonly Point[]) => sumOnBars(some.map(atEnd), times, step);
      const show = (value: number) => usd(Math.abs(value));
      return {
        plots: [
          { name: words.longs, values: bars(longs), show, colour: "--down", kind: "histogram" },
          { name: words.shorts, values: bars(shorts), show, colour: "--up", kind: "histogram" },
        ],
        lines: [0],
      };
    }
  }
}

const pointsOf = (series: MarketSeries | undefined): Point[] =>
  (series?.points ?? []).map(({ time, value }) => ({ at: (ms(time) ?? 0) / 1000, value }));

/** Return a sum at the last second of its time, so that it is known in the bar that it is shown at. */
const atEnd = ({ at, value }: Point): Point => ({ at: at + SUM_S - 1, value });

/** Return the sums of the sums. They begin again at 0 after a gap, because nothing is known of it. */
export function cumulated(points: readonly Point[]): Point[] {
  let before: Point | undefined;
  return points.map(({ at, value }) => {
    before = { at, value: value + (before?.at === at - SUM_S ? before.value : 0) };
    return before;
  });
}

/** Return the time between the newest two points, seconds. */
const spacing = (points: readonly Point[]): number => (points.at(-1)?.at ?? 0) - (points.at(-2)?.at ?? 0);

const signedAmount = (value: number) => `${value < 0 ? "−" : value > 0 ? "+" : ""}${amount(Math.abs(value))}`;
