import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AlertKind, AlertLevel, AlertSchema, Side, SignalSchema, SignalStatus } from "virtuoso-market";
import { expect, test } from "vitest";
import { bollinger, ema, macd, onBars, rsi, sumOnBars, vwap } from "../src/charts/indicators.js";
import type { Values } from "../src/charts/picture.js";
import { cumulated } from "../src/symbol/chart/series.js";
import { formingBars, withPrice } from "../src/symbol/chart/forming.js";
import { levelsOf, marksOf } from "../src/symbol/chart/marks.js";

const rounded = (values: Values, digits = 2) =>
  values.flatMap((value) => (value === undefined ? [] : [Number(value.toFixed(digits))]));

const bar = (time: number, price: number, volume = 1) => ({
  ...{ time, open: price, high: price + 1, low: price - 1, close: price, volume },
});

// The closes and results of the worked examples of StockCharts' ChartSchool.
test("an exponential moving average begins with a mean and follows a published example", () => {
  const closes = [
    ...[22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29],
    ...[22.15, 22.39, 22.38, 22.61, 23.36],
  ];
  const values = ema(closes, 10);
  expect(values.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => undefined));
  expect(rounded(values)).toEqual([22.22, 22.21, 22.24, 22.27, 22.33, 22.52]);
});

test("the relative strength index follows a published example, and is absent while nothing moves", () => {
  const closes = [
    ...[44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.1, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61, 46.28],
    ...[46.28, 46.0, 46.03, 46.41, 46.22, 45.64],
  ];
  const values = rounded(rsi(closes, 14), 1);
  expect(values).toEqual([70.5, 66.2, 66.5, 69.3, 66.3, 57.9]);
  expect(rsi([1, 1, 1, 1], 2)).toEqual([undefined, undefined, undefined, undefined]);
  expect(rsi([1, 2, 3, 4], 2).at(-1)).toBe(100);
});

test("the bands are two deviations around the mean, and the MACD of a straight line is the difference of the lags", () => {
  const line = Array.from({ length: 60 }, (_, index) => index + 1);
  const [middle, upper, lower] = bollinger(line.slice(0, 20), 20, 2);
  expect(rounded([middle.at(-1), upper.at(-1), lower.at(-1)], 4)).toEqual([10.5, 22.0326, -1.0326]);
  const [fast, signal, rest] = macd(line, 12, 26, 9);
  expect(fast.findIndex((value) => value !== undefined)).toBe(25);
  expect(signal.findIndex((value) => value !== undefined)).toBe(33);
  expect(rounded([fast.at(-1), signal.at(-1), rest.at(-1)])).toEqual([7, 7, 0]);
});

test("VWAP begins at 00:00 UTC, and not in the middle of a day", () => {
  const day = 20_000 * 86_400;
  const bars = [bar(day - 3600, 90), bar(day, 100, 1), bar(day + 3600, 110, 3), bar(day + 86_400, 200)];
  expect(vwap(bars)).toEqual([undefined, 100, 107.5, 200]);
  expect(vwap([bar(day, 100), bar(day + 90_000, 120)])).toEqual([100, undefined]);
});

test("points count for their bar and as long as they hold, and sums for their bar", () => {
  const points = [
    { at: 30, value: 1 },
    { at: 70, value: 2 },
    { at: 110, value: 3 },
  ];
  expect(onBars(points, [0, 60, 120, 180], 60, 0)).toEqual([1, 3, undefined, undefined]);
  expect(onBars(points, [0, 60, 120, 180, 240], 60, 75)).toEqual([1, 3, 3, 3, undefined]);
  expect(sumOnBars(points, [0, 60, 120], 60)).toEqual([1, 5, undefined]);
});

test("the cumulated delta begins again at 0 after a gap", () => {
  const at = (minutes: number, value: number) => ({ at: 60 * minutes, value });
  expect(cumulated([at(0, 3), at(5, -1), at(15, 4), at(20, 1)]).map(({ value }) => value)).toEqual([3, 2, 4, 5]);
});

test("a bar that has not closed opens at the close before it and moves with the price", () => {
  const closed = [bar(0, 100), bar(60, 101)];
  let seen = withPrice([], 103, 130, 60);
  seen = withPrice(seen, 99, 150, 60);
  expect(formingBars(closed, [], seen, 60)).toEqual([{ time: 120, open: 101, high: 103, low: 99, close: 99 }]);
  seen = withPrice(seen, 104, 181, 60);
  const both = formingBars(closed, [], seen, 60);
  expect(both.map(({ time, open, close }) => [time, open, close])).toEqual([
    [120, 101, 99],
    [180, 99, 104],
  ]);
  expect(formingBars([...closed, bar(120, 98)], [], seen, 60)).toEqual([
    { time: 180, open: 98, high: 104, low: 98, close: 104 },
  ]);
});

test("a bar that has not closed contains its shorter closed bars", () => {
  const seen = withPrice([], 103, 310, 300);
  const parts = [bar(240, 90), bar(300, 105), bar(360, 107)];
  expect(formingBars([bar(0, 100)], parts, seen, 300)).toEqual([
    { time: 300, open: 105, high: 108, low: 103, close: 103 },
  ]);
  // without them, and after a gap, nothing is known before the first price
  expect(formingBars([bar(-300, 100)], [], seen, 300)[0]?.open).toBe(103);
});

test("marks are at the bars of their events, and the plan of an active signal has its open targets", () => {
  const time = (seconds: number) => timestampFromMs(seconds * 1000);
  const signal = create(SignalSchema, {
    ...{ side: Side.LONG, status: SignalStatus.ACTIVE, openTime: time(70), entry: 100, stop: 95, targetsHit: 1 },
    targets: [
      { price: 105, size: 0.5 },
      { price: 110, size: 0.5 },
    ],
  });
  const alert = { kind: AlertKind.LARGE_TRADE, level: AlertLevel.INFO, text: "a trade" };
  const alerts = [61, 100, 999].map((at) => create(AlertSchema, { ...alert, observedTime: time(at) }));
  const marks = marksOf([signal], alerts, [0, 60, 120], 60);
  expect(marks.map((mark) => [mark.time, mark.shape, mark.words.length])).toEqual([
    [60, "arrowUp", 1],
    [60, "circle", 2],
  ]);
  expect(levelsOf([signal]).map(({ price }) => price)).toEqual([100, 95, 110]);
  expect(levelsOf([{ ...signal, status: SignalStatus.STOPPED }])).toEqual([]);
});
