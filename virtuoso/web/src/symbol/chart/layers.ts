import type { Alert, MarketSeries, Signal } from "virtuoso-market";
import { type Point, bollinger, ema, macd, onBars, rsi, vwap } from "../../charts/indicators.js";
import type { Bar, Colour, Pane, Picture, Plot, Values } from "../../charts/picture.js";
import { amount, fixed, priceDigits, score } from "../../format.js";
import { storedSignal } from "../../state/stored_signal.js";
import { t } from "../../texts/index.js";
import { levelsOf, marksOf } from "./marks.js";
import { SERIES_LAYERS, seriesPane } from "./series.js";

/** What a chart can show besides candles, in the order of the legends and panes. */
const OVERLAYS = ["ema20", "ema50", "ema200", "vwap", "bollinger"] as const;
const MARKS = ["levels", "signals", "alerts"] as const;
const PANES = ["volume", "rsi", "macd", "score"] as const;
export const LAYERS = [...OVERLAYS, ...MARKS, ...PANES, ...SERIES_LAYERS] as const;
export type Layer = (typeof LAYERS)[number];
/** What is known of a market without a score: what its bars show, its signals and its alerts. */
export const UNSCORED_LAYERS: readonly Layer[] = [...OVERLAYS, ...MARKS, ...PANES.filter((pane) => pane !== "score")];

const USUAL: readonly Layer[] = ["ema20", "ema50", "ema200", "levels", "signals", "alerts", "volume", "score"];

/** The layers that the user chose. */
export const chosenLayers = storedSignal("chartLayers", (stored): readonly Layer[] =>
  Array.isArray(stored) ? LAYERS.filter((layer) => stored.includes(layer)) : USUAL,
);

/** What a picture of a chart is made from. */
export interface Material {
  readonly bars: readonly Bar[];
  readonly times: readonly number[];
  readonly step: number;
  readonly tickSize: number | undefined;
  readonly layers: readonly Layer[];
  readonly scores: readonly Point[];
  readonly series: readonly MarketSeries[];
  /** Those of the venue of the bars. */
  readonly signals: readonly Signal[];
  readonly alerts: readonly Alert[];
}

const DAY_S = 86_400;

/** Return the picture of the bars with the chosen layers. */
export function pictureOf(material: Material): Picture {
  const { bars, times, step, tickSize, layers, signals, alerts, series } = material;
  const has = (layer: Layer) => layers.includes(layer);
  const overlays = OVERLAYS.filter(has).flatMap((layer) => overlaysOf(layer, material));
  const panes = [
    ...PANES.filter(has).map((layer) => paneOf(layer, material)),
    ...SERIES_LAYERS.filter(has).map((layer) => seriesPane(layer, series, times, step)),
  ];
  return {
    ...{ bars, times, step, tickSize },
    panes: [{ plots: overlays }, ...panes],
    marks: marksOf(has("signals") ? signals : [], has("alerts") ? alerts : [], times, step),
    levels: has("levels") ? levelsOf(signals) : [],
  };
}

function overlaysOf(layer: (typeof OVERLAYS)[number], { bars, step, tickSize }: Material): Plot[] {
  const closes = bars.map(({ close }) => close);
  const digits = priceDigits(closes.at(-1) ?? 1, tickSize);
  const name = t().chart.layers[layer];
  const plot = (values: Values, colour: Colour, kind: Plot["kind"] = "line", suffix = ""): Plot => ({
    ...{ values, colour, kind, name: name + suffix },
    show: (value) => fixed(value, digits),
  });
  switch (layer) {
    case "ema20":
      return [plot(ema(closes, 20), "--warn")];
    case "ema50":
      return [plot(ema(closes, 50), "--accent")];
    case "ema200":
      return [plot(ema(closes, 200), "--simulated")];
    case "vwap":
      return step < DAY_S ? [plot(vwap(bars), "--text", "dashed")] : [];
    case "bollinger": {
      const [middle, upper, lower] = bollinger(closes, 20, 2);
      const words = t().chart.bands;
      return [
        plot(upper, "--muted", "dotted", ` ${words.upper}`),
        plot(middle, "--faint", "dotted", ` ${words.middle}`),
        plot(lower, "--muted", "dotted", ` ${words.lower}`),
      ];
    }
  }
}

function paneOf(layer: (typeof PANES)[number], { bars, times, step, tickSize, scores }: Material): Pane {
  const closes = bars.map(({ close }) => close);
  const name = t().chart.layers[layer];
  const words = t().chart;
  switch (layer) {
    case "volume": {
      const values = bars.map(({ volume }) => volume);
      return { plots: [{ name, values, show: amount, colour: "--faint", kind: "histogram" }] };
    }
    case "rsi":
      return {
        plots: [{ name, values: rsi(closes, 14), show: (value) => fixed(value, 1), colour: "--accent" }],
        ...{ range: [0, 100], lines: [30, 70] },
      };
    case "macd": {
      const [line, signal, rest] = macd(closes, 12, 26, 9);
      const digits = priceDigits(closes.at(-1) ?? 1, tickSize) + 1;
      const show = (value: number) => fixed(value, digits);
      return {
        plots: [
          { name: words.macd.difference, values: rest, show, colour: "--faint", kind: "signed" },
          { name, values: line, show, colour: "--accent" },
          { name: words.macd.signal, values: signal, show, colour: "--warn", kind: "dashed" },
        ],
        lines: [0],
      };
    }
    case "score":
      return {
        plots: [{ name, values: onBars(scores, times, step, 0), show: score, colour: "--accent" }],
        ...{ range: [0, 100], lines: [30, 50, 70] },
      };
  }
}
