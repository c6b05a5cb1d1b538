import type { Bar, FormingBar } from "../../charts/picture.js";

// The bars that have not closed. They are made of closed shorter bars, and of the prices that this page has seen.

const KEPT = 3;

/** Return the bars of the prices that were seen, oldest first, with one more price. `at` is in epoch seconds. */
export function withPrice(seen: readonly FormingBar[], price: number, at: number, step: number): FormingBar[] {
  const time = Math.floor(at / step) * step;
  const before = seen.filter((bar) => bar.time < time).slice(1 - KEPT);
  const same = seen.find((bar) => bar.time === time) ?? { time, open: price, high: price, low: price };
  return [...before, { ...same, high: Math.max(same.high, price), low: Math.min(same.low, price), close: price }];
}

/** Return a bar for each one that was seen after the `closed` bars. It opens at the first price of its shorter bars (`parts`),
 * or at the close before it. */
export function formingBars(
  closed: readonly Bar[],
  parts: readonly Bar[],
  seen: readonly FormingBar[],
  step: number,
): FormingBar[] {
  let before: FormingBar | undefined = closed.at(-1);
  const bars: FormingBar[] = [];
  for (const own of seen) {
    if (!before || own.time <= before.time) continue;
    const inside = parts.filter(({ time }) => time >= own.time && time < own.time + step);
    const [first] = inside;
    const isNext = before.time + step === own.time;
    const open = first?.time === own.time ? first.open : isNext ? before.close : (first ?? own).open;
    const high = Math.max(open, own.high, ...inside.map((bar) => bar.high));
    const low = Math.min(open, own.low, ...inside.map((bar) => bar.low));
    before = { time: own.time, open, high, low, close: own.close };
    bars.push(before);
  }
  return bars;
}
