import {
  type AutoscaleInfo,
  CandlestickSeries,
  type ChartOptions,
  ColorType,
  CrosshairMode,
  type DeepPartial,
  type IPriceLine,
  LineStyle,
  TickMarkType,
  type Time,
  type UTCTimestamp,
  createChart,
  createSeriesMarkers,
} from "lightweight-charts";
import { dateTime, dayAndMonth, fixed, month, priceDigits, timeOfDay } from "../format.js";
import type { Bar, Colour, FormingBar, Level, Picture } from "./picture.js";
import { Plots } from "./plots.js";

// Only this file, plots.ts and depth_chart.ts import the charting library. It is loaded when a chart is first shown.

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
  readonly draw: (picture: Picture) => void;
  /** Draw the bars that have not closed, oldest first. They are grey when they are not `live`. */
  readonly form: (bars: readonly FormingBar[], live: boolean) => void;
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

/** Create a candle chart. It fills `host`, also when the size of `host` changes. */
export function candleChart(host: HTMLElement, listener: CandleListener): CandleChart {
  const chart = createChart(host, OPTIONS);
  const colour = (name: Colour) => getComputedStyle(host).getPropertyValue(name).trim();
  const candles = chart.addSeries(CandlestickSeries, { priceLineVisible: false, lastValueVisible: false });
  const markers = createSeriesMarkers(candles, []);
  const plots = new Plots(chart, colour);
  const scale = chart.timeScale();
  let price: IPriceLine | undefined;
  let levels: readonly IPriceLine[] = [];
  let picture: Picture | undefined;
  let forming: readonly FormingBar[] = [];
  let isLive = false;
  let drawn = ""; // everything in the candles except the newest values of the last bar

  const draw = (next: Picture) => {
    const first = !picture?.bars.length;
    picture = next;
    const { bars, tickSize, times, marks } = next;
    const digits = priceDigits(bars.at(-1)?.close ?? 1, tickSize);
    candles.applyOptions({
      priceFormat: { type: "custom", formatter: (value: number) => fixed(value, digits), minMove: 10 ** -digits },
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => withLevels(original(), next.levels),
    });
    drawn = "";
    form(forming, isLive);
    plots.draw(next);
    markers.setMarkers(
      marks.map(({ time, shape, colour: name, text }) => {
        const position = shape === "arrowUp" ? "belowBar" : "aboveBar";
        return { time: time as UTCTimestamp, shape, position, text, color: colour(name) } as const;
      }),
    );
    for (const one of levels) candles.removePriceLine(one);
    levels = next.levels.map(({ name, price: at, colour: of }) =>
      candles.createPriceLine({ title: name, price: at, color: colour(of), lineWidth: 1, lineStyle: LineStyle.Dashed }),
    );
    if (first) scale.setVisibleLogicalRange({ from: times.length - INITIAL_BARS, to: times.length + 3 });
  };

  const form = (bars: readonly FormingBar[], live: boolean) => {
    [forming, isLive] = [bars, live];
    const closed = picture?.bars.at(-1)?.time;
    if (!picture || closed === undefined) return;
    const line = colour(live ? "--accent" : "--faint");
    const looks = { color: colour("--raised"), borderColor: line, wickColor: line };
    const rows = bars
      .filter(({ time }) => time > closed)
      .map((bar) => ({ ...bar, ...looks, time: bar.time as UTCTimestamp }));
    const last = rows.at(-1);
    const wanted = JSON.stringify([last?.time, looks, rows.slice(0, -1)]);
    if (wanted !== drawn) candles.setData([...onGrid(picture.bars, picture.step), ...rows]);
    else if (last) candles.update(last);
    drawn = wanted;
  };

  const mark = (value: number | undefined) => {
    if (price) candles.removePriceLine(price);
    const looks = { color: colour("--accent"), axisLabelTextColor: colour("--on-accent") };
    const line = { lineWidth: 1, lineStyle: LineStyle.Dotted, ...looks } as const;
    price = value === undefined ? undefined : candles.createPriceLine({ ...line, price: value });
  };

  const recolour = () => {
    applyColours(chart, candles, host);
    mark(price?.options().price);
    if (picture) draw(picture);
  };
  applyColours(chart, candles, host);

  scale.subscribeVisibleLogicalRangeChange((range) => {
    const visible = scale.getVisibleRange();
    if (!range || !visible) return;
    listener.onRange(Number(visible.from), Number(visible.to));
    if (range.from < NEAR_START) listener.onNearStart();
  });
  chart.subscribeCrosshairMove(({ time }) => {
    const at = time === undefined ? undefined : Number(time);
    plots.read(at);
    listener.onCursor(at);
  });

  return {
    ...{ draw, form, mark, recolour },
    scroll: (bars) => scale.scrollToPosition(scale.scrollPosition() + bars, false),
    zoom(factor) {
      const range = scale.getVisibleLogicalRange();
      if (range) scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
    },
    remove: () => chart.remove(),
  };
}

function applyColours(
  chart: ReturnType<typeof createChart>,
  candles: { applyOptions: (options: Readonly<Record<string, string>>) => void },
  host: HTMLElement,
): void {
  const style = getComputedStyle(host);
  const colour = (name: Colour) => style.getPropertyValue(name).trim();
  const cross = { color: colour("--faint"), labelBackgroundColor: colour("--raised") };
  chart.applyOptions({
    layout: {
      background: { type: ColorType.Solid, color: colour("--surface") },
      textColor: colour("--muted"),
      fontFamily: style.fontFamily,
      panes: { separatorColor: colour("--line") },
    },
    grid: { horzLines: { color: colour("--line") } },
    crosshair: { vertLine: cross, horzLine: cross },
  });
  candles.applyOptions({
    upColor: colour("--surface"), // rising bars are hollow, so that rising and falling bars differ without colour
    borderUpColor: colour("--up"),
    wickUpColor: colour("--up"),
    downColor: colour("--down"),
    borderDownColor: colour("--down"),
    wickDownColor: colour("--down"),
  });
}

/** Return the range of prices, with those levels in it that at most double it. */
function withLevels(info: AutoscaleInfo | null, levels: readonly Level[]): AutoscaleInfo | null {
  if (!info?.priceRange) return info;
  const { minValue, maxValue } = info.priceRange;
  const room = (maxValue - minValue) / 2;
  const near = levels.map(({ price }) => price).filter((price) => price > minValue - room && price < maxValue + room);
  return { ...info, priceRange: { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) } };
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
