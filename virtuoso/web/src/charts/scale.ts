// The arithmetic of charts, without drawing.

import { dayAndMonth, startOfDay, timeOfDay } from "../format.js";

/** A range of values or of times. */
export type Range = readonly [low: number, high: number];

/** Return a function from the values of one range to those of another. An empty range maps to the middle. */
export function scale([low, high]: Range, [from, to]: Range): (value: number) => number {
  const width = high - low;
  return (value) => (width ? from + ((value - low) / width) * (to - from) : (from + to) / 2);
}

/** Return the range of values with a margin, also for equal values. Return undefined without values. */
export function extent(values: Iterable<number>, margin = 0.08): Range | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return undefined;
  const more = (high - low || Math.abs(high) * 0.01 || 1) * margin;
  return [low - more, high + more];
}

/** Return round values within a range, about `most` of them. */
export function roundTicks([low, high]: Range, most: number): number[] {
  const rough = (high - low) / most;
  if (!(rough > 0)) return [];
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 2.5, 5, 10].find((times) => times * size >= rough) ?? 10);
  const ticks = [];
  for (let index = Math.ceil(low / step); index * step <= high; index++) ticks.push(index * step);
  return ticks;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
];

/** Return round times of the time zone of the settings within a range of epoch milliseconds, about `most` of them. */
export function timeTicks([from, to]: Range, most: number): { at: number; text: string }[] {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? 30 * DAY;
  const midnight = startOfDay(from);
  const ticks = [];
  for (let at = midnight; at <= to; at += step) if (at >= from) ticks.push({ at, text: tickText(at, step) });
  return ticks;
}

function tickText(at: number, step: number): string {
  return step >= DAY || at === startOfDay(at) ? dayAndMonth(at) : timeOfDay(at);
}
