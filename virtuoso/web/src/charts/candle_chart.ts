import {
  CandlestickSeries,
  type ChartOptions,
  ColorType,
  CrosshairMode,
  type DeepPartial,
  HistogramSeries,
  type IPriceLine,
  LineStyle,
  TickMarkType,
  type Time,
  type UTCTimestamp,
  createChart,
} from "lightweight-charts";
import { dateTime, dayAndMonth, fixed, month, priceDigits, timeOfDay } from "../format.js";

// Only this file imports the charting library. It is loaded when a chart is first shown.

/** A bar of the chart. Prices are in USDT. */
export interface Bar {
  /** The open time, epoch seconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In units of the base asset. */
  readonly volume: number;
}

/** What a chart reports. */
export interface CandleListener {
  /** The first and the last visible bar, by their times. */
  readonly onRange: (from: number, to: number) => void;
  /** The bar under the cursor. Undefined without a cursor. */
  readonly onCursor: (time: number | undefined) => void;
  /** The oldest bars are almost visible. */
  readonly onNearStart: () => void;
}

export interface CandleChart {
  /** Draw bars of `step` seconds, oldest first. A time without a bar stays empty. */
  readonly draw: (bars: readonly Bar[], step: number, tickSize: number | undefined) => void;
  /** Mark the current price. Undefined removes the mark. */
  readonly mark: (value: number | undefined) => void;
  /** Apply the colours of the current theme. */
  readonly recolour: () => void;
  /** Scroll by a number of bars. Negative numbers scroll into the past. */
  readonly scroll: (bars: number) => void;
  /** Show more bars (a factor above 1) or fewer. */
  readonly zoom: (factor: number) => void;
  readonly remove: () => void;
}

const NEAR_START = 20; // bars
const INITIAL_BARS = 80;

const OPTIONS: DeepPartial<ChartOptions> = {
  autoSize: true,
  // The logo has an inline style, which the Content-Security-Policy forbids. The page has the link that the licence requires.
  layout: { fontSize: 11, attributionLogo: false, panes: { enableResize: false } },
  grid: { vertLines: { visible: false } },
  crosshair: { mode: CrosshairMode.Normal },
  rightPriceScale: { borderVisible: false },
  timeScale: { borderVisible: false, timeVisible: true, rightOffset: 4, minBarSpacing: 1, tickMarkFormatter: tickText },
  localization: { timeFormatter: (time: Time) => dateTime(Number(time) * 1000) },
  handleScroll: { mouseWheel: false, vertTouchDrag: false }, // a swipe or the wheel scrolls the page
  handleScale: { mouseWheel: matchMedia("(pointer: fine)").matches },
};

/** Create a candle chart with volumes below it. It fills `host`. */
export function candleChart(host: HTMLElement, listener: CandleListener): CandleChart {
  const chart = createChart(host, OPTIONS);
  const quiet = { priceLineVisible: false, lastValueVisible: false };
  const candles = chart.addSeries(CandlestickSeries, quiet);
  const volumes = chart.addSeries(HistogramSeries, { ...quiet, priceFormat: { type: "volume" } }, 1);
  chart.panes()[0]?.setStretchFactor(4);
  chart.panes()[1]?.setStretchFactor(1);
  const scale = chart.timeScale();
  let line: IPriceLine | undefined;
  let rows: readonly Row[] = [];

  const recolour = () => {
    const colours = coloursOf(host);
    chart.applyOptions(colours.chart);
    candles.applyOptions(colours.candles);
    volumes.applyOptions(colours.volumes);
    line?.applyOptions(colours.line);
  };
  recolour();

  scale.subscribeVisibleLogicalRangeChange((range) => {
    if (!range || !rows.length) return;
    const at = (index: number) => rows[Math.max(0, Math.min(rows.length - 1, Math.round(index)))]?.time ?? 0;
    listener.onRange(at(range.from), at(range.to));
    if (range.from < NEAR_START) listener.onNearStart();
  });
  chart.subscribeCrosshairMove(({ time }) => listener.onCursor(time === undefined ? undefined : Number(time)));

  return {
    recolour,
    draw(bars, step, tickSize) {
      const first = !rows.length;
      rows = onGrid(bars, step);
      const digits = priceDigits(bars.at(-1)?.close ?? 1, tickSize);
      const formatter = (value: number) => fixed(value, digits);
      candles.applyOptions({ priceFormat: { type: "custom", formatter, minMove: 10 ** -digits } });
      candles.setData([...rows]);
      volumes.setData(rows.map((row) => ("volume" in row ? { time: row.time, value: row.volume } : row)));
      if (first) scale.setVisibleLogicalRange({ from: rows.length - INITIAL_BARS, to: rows.length + 3 });
    },
    mark(value) {
      if (line) candles.removePriceLine(line);
      const options = { lineWidth: 1, lineStyle: LineStyle.Dotted, ...coloursOf(host).line } as const;
      line = value === undefined ? undefined : candles.createPriceLine({ ...options, price: value });
    },
    scroll: (bars) => scale.scrollToPosition(scale.scrollPosition() + bars, false),
    zoom(factor) {
      const range = scale.getVisibleLogicalRange();
      if (range) scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
    },
    remove: () => chart.remove(),
  };
}

/** Return the colours of the current theme for each part of a chart. */
function coloursOf(host: HTMLElement) {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const cross = { color: colour("--faint"), labelBackgroundColor: colour("--raised") };
  return {
    chart: {
      layout: {
        background: { type: ColorType.Solid, color: colour("--surface") },
        textColor: colour("--muted"),
        fontFamily: style.fontFamily,
        panes: { separatorColor: colour("--line") },
      },
      grid: { horzLines: { color: colour("--line") } },
      crosshair: { vertLine: cross, horzLine: cross },
    },
    candles: {
      upColor: colour("--surface"), // rising bars are hollow, so that rising and falling bars differ without colour
      borderUpColor: colour("--up"),
      wickUpColor: colour("--up"),
      downColor: colour("--down"),
      borderDownColor: colour("--down"),
      wickDownColor: colour("--down"),
    },
    volumes: { color: `${colour("--faint")}80` },
    line: { color: colour("--accent"), axisLabelTextColor: colour("--on-accent") },
  } as const;
}

type Row = { time: UTCTimestamp } | (Bar & { time: UTCTimestamp });

/** Return the bars with an empty row for each missing one. */
function onGrid(bars: readonly Bar[], step: number): Row[] {
  const rows: Row[] = [];
  for (const bar of bars) {
    const before = rows.at(-1)?.time;
    for (let time = (before ?? bar.time) + step; time < bar.time; time += step)
      rows.push({ time: time as UTCTimestamp });
    rows.push({ ...bar, time: bar.time as UTCTimestamp });
  }
  return rows;
}

function tickText(time: Time, type: TickMarkType): string {
  const at = Number(time) * 1000;
  if (type === TickMarkType.Year) return String(new Date(at).getFullYear());
  if (type === TickMarkType.Month) return month(at);
  return type === TickMarkType.DayOfMonth ? dayAndMonth(at) : timeOfDay(at);
}
