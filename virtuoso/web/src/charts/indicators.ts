import type { Bar, Values } from "./picture.js";

// Indicators: pure functions of closed bars, oldest first. They return one value for each bar, and undefined where there are
// too few bars before it.

const DAY_S = 86_400;

/** Return the exponential moving average. It begins with the mean of the first `length` values. */
export function ema(values: Values, length: number): Values {
  let mean = 0;
  let count = 0;
  return values.map((value) => {
    if (value === undefined) return undefined;
    count++;
    mean += (value - mean) * (count <= length ? 1 / count : 2 / (length + 1));
    return count < length ? undefined : mean;
  });
}

/** Return the mean of the last `length` closes, and that mean plus and minus `width` standard deviations of them. */
export function bollinger(closes: readonly number[], length: number, width: number): readonly [Values, Values, Values] {
  const bands = closes.map((_, index) => {
    if (index + 1 < length) return undefined;
    const last = closes.slice(index + 1 - length, index + 1);
    const mean = last.reduce((sum, close) => sum + close, 0) / length;
    const deviation = Math.sqrt(last.reduce((sum, close) => sum + (close - mean) ** 2, 0) / length);
    return [mean, mean + width * deviation, mean - width * deviation] as const;
  });
  return [bands.map((one) => one?.[0]), bands.map((one) => one?.[1]), bands.map((one) => one?.[2])];
}

/** Return the mean price since 00:00 UTC, weighted by volume. The price of a bar is the mean of high, low and close. A day
 * whose first bar is missing has no values. */
export function vwap(bars: readonly Bar[]): Values {
  let began = -Infinity;
  let turnover = 0;
  let volume = 0;
  return bars.map((bar) => {
    if (bar.time % DAY_S === 0) [began, turnover, volume] = [bar.time, 0, 0];
    if (bar.time >= began + DAY_S) return undefined;
    turnover += (bar.volume * (bar.high + bar.low + bar.close)) / 3;
    volume += bar.volume;
    return volume > 0 ? turnover / volume : undefined;
  });
}

/** Return Wilder's relative strength index, 0-100. It is undefined while the price does not move. */
export function rsi(closes: readonly number[], length: number): Values {
  let gain = 0;
  let loss = 0;
  return closes.map((close, index) => {
    const before = closes[index - 1];
    if (before === undefined) return undefined;
    const count = Math.min(index, length);
    gain += (Math.max(0, close - before) - gain) / count;
    loss += (Math.max(0, before - close) - loss) / count;
    return index < length || gain + loss === 0 ? undefined : (100 * gain) / (gain + loss);
  });
}

/** Return the MACD line (EMA of `fast` minus EMA of `slow`), its signal line (EMA of it), and their difference. */
export function macd(closes: readonly number[], fast: number, slow: number, length: number): [Values, Values, Values] {
  const slowMean = ema(closes, slow);
  const line = difference(ema(closes, fast), slowMean);
  const signal = ema(line, length);
  return [line, signal, difference(line, signal)];
}

const difference = (some: Values, others: Values): Values =>
  some.map((one, index) => {
    const other = others[index];
    return one === undefined || other === undefined ? undefined : one - other;
  });

/** A value at a time, epoch seconds. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** Return for each bar the newest of the points up to its end. A point counts for the bar that it is in, and for `holdS`
 * seconds. `times` are the open times of the bars. */
export function onBars(points: readonly Point[], times: readonly number[], step: number, holdS: number): Values {
  let next = 0;
  return times.map((time) => {
    while (next < points.length && (points[next]?.at ?? 0) < time + step) next++;
    const newest = points[next - 1];
    return newest && time - newest.at <= holdS ? newest.value : undefined;
  });
}

/** Return for each bar the sum of the points in it. */
export function sumOnBars(points: readonly Point[], times: readonly number[], step: number): Values {
  const sums = new Map<number, number>();
  for (const { at, value } of points) {
    const time = Math.floor(at / step) * step;
    sums.set(time, (sums.get(time) ?? 0) + value);
  }
  return times.map((time) => sums.get(time));
}
