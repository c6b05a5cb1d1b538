import { create } from "@bufbuild/protobuf";
import { Side, SignalSchema } from "virtuoso-market";
import { expect, test } from "vitest";
import { extent, roundTicks, scale } from "../src/charts/scale.js";
import { roundedToSum } from "../src/symbol/rounded_sum.js";
import { progressAt } from "../src/tabs/signals/progress.js";

test("rounded parts add up to the rounded total", () => {
  expect(roundedToSum([1.004, 2.004, 3.004], 6.012, 2)).toEqual([1.01, 2, 3]);
  expect(roundedToSum([-1.005, 0.335], -0.67, 2)).toEqual([-1, 0.33]);
  expect(roundedToSum([], 0, 2)).toEqual([]);
});

test("a signal's result counts what was closed, and the rest at the present price", () => {
  const signal = {
    entry: 100,
    stop: 90,
    targets: [
      { price: 110, size: 0.5 },
      { price: 120, size: 0.5 },
    ],
  };
  const long = create(SignalSchema, { ...signal, side: Side.LONG });
  expect(progressAt(long, 100).r).toBe(0);
  expect(progressAt(long, 100).toStop).toBeCloseTo(-10);
  expect(progressAt(long, 100).toTarget).toBeCloseTo(10);
  expect(progressAt(long, 90).r).toBeCloseTo(-1);
  const half = create(SignalSchema, { ...signal, side: Side.LONG, targetsHit: 1, resultR: 0.45 });
  expect(progressAt(half, 100).r).toBeCloseTo(0.45);
  const short = { entry: 100, stop: 110, targets: [{ price: 90, size: 1 }], side: Side.SHORT };
  expect(progressAt(create(SignalSchema, short), 110).r).toBeCloseTo(-1);
});

test("a scale maps a range, and a range without width to the middle", () => {
  expect(scale([0, 10], [0, 100])(5)).toBe(50);
  expect(scale([3, 3], [0, 100])(3)).toBe(50);
});

test("an extent has a margin, and none without values", () => {
  expect(extent([0, 100])).toEqual([-8, 108]);
  expect(extent([])).toBeUndefined();
});

test("ticks are round and no more than wanted", () => {
  expect(roundTicks([0, 100], 4)).toEqual([0, 25, 50, 75, 100]);
  expect(roundTicks([5, 5], 4)).toEqual([]);
});
