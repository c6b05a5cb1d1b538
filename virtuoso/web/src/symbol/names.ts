import { fixed, unitText } from "../format.js";
import { t } from "../texts/index.js";

// Display names of components, inputs and units. An unknown one comes from a newer service and is shown by its own name.

/** Return the display name of a component and the length of its bars: RSI and 5 min for "rsi_5m". */
export function componentName(name: string): { name: string; bars: string | undefined } {
  const { components, timeframes } = t();
  const cut = name.lastIndexOf("_");
  const bars = timeframes[name.slice(cut + 1)];
  const base = bars ? name.slice(0, cut) : name;
  return { name: components[base] ?? sentenceCase(spaced(base)), bars };
}

/** Return the name of an input for use in a sentence: "5 min candles" for "candles_5m". */
export const inputName = (name: string): string => t().inputs[name] ?? spaced(name);

/** Format a reading with its unit, with about three significant digits and at most two decimals. */
export function reading(value: number, unit: string): string {
  const size = Math.abs(value);
  const text = fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return text + unitText(unit);
}

const spaced = (name: string) => name.replaceAll("_", " ");

/** Return a text with a capital letter at its start. */
export const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
