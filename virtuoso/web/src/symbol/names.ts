import { fixed } from "../format.js";

// Display names of components, inputs and units. An unknown component is shown with spaces instead of underscores.

const COMPONENTS: Readonly<Record<string, string>> = {
  rsi: "RSI",
  macd: "MACD",
  adx: "ADX",
  cci: "CCI",
  williams_r: "Williams %R",
  awesome_oscillator: "Awesome oscillator",
  money_flow: "Chaikin money flow",
  money_flow_index: "Money flow index",
  on_balance_volume: "On-balance volume",
  vwap_distance: "Distance to VWAP",
  taker_delta: "Taker delta",
  delta_change: "Delta change",
  trade_counts: "Trade counts",
  positioning: "Price move by open interest",
  imbalance_near: "Imbalance near the price",
  imbalance_middle: "Imbalance farther out",
  imbalance_wide: "Imbalance far out",
  order_flow_imbalance: "Order flow imbalance",
  slope: "Slope of the book",
  pressure: "Book pressure",
  donchian: "Donchian channel",
  room: "Distance to support and resistance",
  accounts: "Long/short accounts",
  funding: "Funding rate",
  premium: "Premium over the index",
  liquidations: "Liquidations",
};

const TIMEFRAMES: Readonly<Record<string, string>> = { "1m": "1 min", "5m": "5 min", "30m": "30 min", "4h": "4 h" };

/** Return the display name of a component and the length of its bars: RSI and 5 min for "rsi_5m". */
export function componentName(name: string): { name: string; bars: string | undefined } {
  const cut = name.lastIndexOf("_");
  const bars = TIMEFRAMES[name.slice(cut + 1)];
  const base = bars ? name.slice(0, cut) : name;
  return { name: COMPONENTS[base] ?? spaced(base), bars };
}

/** Return the name of an input for use in a sentence: "5 min candles" for "candles_5m". */
export function inputName(name: string): string {
  const bars = name.startsWith("candles_") && TIMEFRAMES[name.slice("candles_".length)];
  return bars ? `${bars} candles` : name.replaceAll("_", " ");
}

/** Join names for use in a sentence: "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const UNITS: Readonly<Record<string, string>> = {
  percent: " %",
  "percent a day": " % a day",
  ratio: "",
  share: "",
  deviations: " σ",
  "log ratio": " log",
};

/** Format a reading with its unit, with about three significant digits and at most two decimals. */
export function reading(value: number, unit: string): string {
  const size = Math.abs(value);
  const text = fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return text + (UNITS[unit] ?? (unit && ` ${unit}`));
}

const spaced = (name: string) => sentenceCase(name.replaceAll("_", " "));

/** Return a text with a capital letter at its start. */
export const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
