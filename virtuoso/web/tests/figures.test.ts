import { create } from "@bufbuild/protobuf";
import { BookDepthSchema, Side, SignalSchema } from "virtuoso-market";
import { expect, test } from "vitest";
import { extent, roundTicks, scale } from "../src/charts/scale.js";
import { figuresOf, largerSide } from "../src/symbol/depth_figures.js";
import { roundedToSum } from "../src/symbol/rounded_sum.js";
import { progressAt, signalTick } from "../src/tabs/signals/progress.js";

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

test("prices of a signal have the tick size of its market, or else the one that they show", () => {
  const targets = [{ price: 110.25 }, { price: 120 }];
  const signal = create(SignalSchema, { entry: 100, stop: 90.5, targets });
  expect(signalTick(signal, 0.5)).toBe(0.5);
  expect(signalTick(signal, undefined)).toBe(0.01);
  expect(signalTick(create(SignalSchema, { entry: 2 / 3, stop: 1 / 3 }), undefined)).toBeUndefined();
  expect(signalTick(create(SignalSchema, { entry: 0.0000712, stop: 0.00007 }), undefined)).toBe(1e-7);
});

test("the depth of an order book has its spread and reach, and the larger side", () => {
  const depth = create(BookDepthSchema, {
    ...{ bestBid: 99.9, bestAsk: 100.1, distance: 2 },
    ...{ bidsUsd: [0, 10, 40], asksUsd: [5, 5, 20] },
  });
  const { middle, spreadBp, reachPercent, bidsUsd, asksUsd } = figuresOf(depth);
  expect([middle, spreadBp, reachPercent].map((value) => value.toFixed(6))).toEqual([
    "100.000000",
    "20.000000",
    "2.000000",
  ]);
  expect(largerSide(bidsUsd, asksUsd)).toEqual({ side: "bids", times: 2 });
  expect(largerSide(5, 20)).toEqual({ side: "asks", times: 4 });
  expect(largerSide(100, 105).side).toBeUndefined();
});
