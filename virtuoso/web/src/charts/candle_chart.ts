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
import { fixed, priceDigits } from "../format.js";

// The only file that knows the charting library; it is fetched when a chart is first shown.

/** A bar of the chart; prices in USDT. */
export interface Bar {
  /** When it opened, epoch seconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In the base asset. */
  readonly volume: number;
}

/** What a chart tells: its visible bars (times of the first and last), the bar under the cursor, and that its left end is near. */
export interface CandleListener {
  readonly shows: (from: number, to: number) => void;
  readonly reads: (time: number | undefined) => void;
  readonly nearsEnd: () => void;
}

export interface CandleChart {
  /** Draw bars of `step` seconds, oldest first. Times without a bar stay empty. */
  readonly draw: (bars: readonly Bar[], step: number) => void;
  /** Mark the present price; undefined takes the mark away. */
  readonly mark: (value: number | undefined) => void;
  /** Take the colours of the page anew. */
  readonly colour: () => void;
  /** Scroll by so many bars, negative into the past. */
  readonly scroll: (bars: number) => void;
  /** Show more bars (factor above 1) or fewer. */
  readonly zoom: (factor: number) => void;
  readonly remove: () => void;
}

const NEAR_END = 20; // bars from the left end at which older ones are asked for
const SHOWN_FIRST = 80; // bars

const OPTIONS: DeepPartial<ChartOptions> = {
  autoSize: true,
  // The library's logo brings a style of its own, which the policy forbids: the page has the link that its licence asks for.
  layout: { fontSize: 11, attributionLogo: false, panes: { enableResize: false } },
  grid: { vertLines: { visible: false } },
  crosshair: { mode: CrosshairMode.Normal },
  rightPriceScale: { borderVisible: false },
  timeScale: { borderVisible: false, timeVisible: true, rightOffset: 4, minBarSpacing: 1, tickMarkFormatter: tickText },
  localization: { timeFormatter: (time: Time) => stamp(Number(time)) },
  handleScroll: { mouseWheel: false, vertTouchDrag: false }, // the page scrolls on
  handleScale: { mouseWheel: matchMedia("(pointer: fine)").matches },
};

/** A candle chart with volumes beneath it, within `host`, whose size it takes. */
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

  const colour = () => {
    const colours = coloursOf(host);
    chart.applyOptions(colours.chart);
    candles.applyOptions(colours.candles);
    volumes.applyOptions(colours.volumes);
    line?.applyOptions(colours.line);
  };
  colour();

  scale.subscribeVisibleLogicalRangeChange((range) => {
    if (!range || !rows.length) return;
    const at = (index: number) => rows[Math.max(0, Math.min(rows.length - 1, Math.round(index)))]?.time ?? 0;
    listener.shows(at(range.from), at(range.to));
    if (range.from < NEAR_END) listener.nearsEnd();
  });
  chart.subscribeCrosshairMove(({ time }) => listener.reads(time === undefined ? undefined : Number(time)));

  return {
    colour,
    draw(bars, step) {
      const first = !rows.length;
      rows = onGrid(bars, step);
      const digits = priceDigits(bars.at(-1)?.close ?? 1);
      const formatter = (value: number) => fixed(value, digits);
      candles.applyOptions({ priceFormat: { type: "custom", formatter, minMove: 10 ** -digits } });
      candles.setData([...rows]);
      volumes.setData(rows.map((row) => ("volume" in row ? { time: row.time, value: row.volume } : row)));
      if (first) scale.setVisibleLogicalRange({ from: rows.length - SHOWN_FIRST, to: rows.length + 3 });
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

/** The page's own colours for each part of a chart. */
function coloursOf(host: HTMLElement) {
  const style = getComputedStyle(host);
  const of = (name: string) => style.getPropertyValue(name).trim();
  const cross = { color: of("--faint"), labelBackgroundColor: of("--raised") };
  return {
    chart: {
      layout: {
        background: { type: ColorType.Solid, color: of("--surface") },
        textColor: of("--muted"),
        fontFamily: style.fontFamily,
        panes: { separatorColor: of("--line") },
      },
      grid: { horzLines: { color: of("--line") } },
      crosshair: { vertLine: cross, horzLine: cross },
    },
    candles: {
      upColor: of("--surface"), // hollow: up and down differ in shape too
      borderUpColor: of("--up"),
      wickUpColor: of("--up"),
      downColor: of("--down"),
      borderDownColor: of("--down"),
      wickDownColor: of("--down"),
    },
    volumes: { color: `${of("--faint")}80` },
    line: { color: of("--accent"), axisLabelTextColor: of("--on-accent") },
  } as const;
}

type Row = { time: UTCTimestamp } | (Bar & { time: UTCTimestamp });

/** Bars with an empty place for each that is missing. */
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

const HOUR_AND_MINUTE = { hour: "2-digit", minute: "2-digit" } as const;

/** Times are shown as this device's clock has them. */
const stamp = (seconds: number) =>
  new Date(seconds * 1000).toLocaleString("en-GB", { day: "numeric", month: "short", ...HOUR_AND_MINUTE });

function tickText(time: Time, type: TickMarkType): string {
  const at = new Date(Number(time) * 1000);
  if (type === TickMarkType.Year) return String(at.getFullYear());
  if (type === TickMarkType.Month) return at.toLocaleDateString("en-GB", { month: "short" });
  if (type === TickMarkType.DayOfMonth) return at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return at.toLocaleTimeString("en-GB", HOUR_AND_MINUTE);
}
