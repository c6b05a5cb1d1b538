import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import * as format from "../src/format.js";

test("what was not measured is a dash, never a number", () => {
  const { score, scoreExact, share, percent, signed, price, usd } = format;
  for (const show of [score, scoreExact, share, percent, signed, price, usd]) expect(show(undefined)).toBe("–");
  expect(format.fixed(undefined, 2)).toBe("–");
  expect(format.clock(undefined, 0)).toBe("–");
});

test("a measured zero is a zero without a sign", () => {
  expect(format.score(0)).toBe("0");
  expect(format.percent(0)).toBe("0.00\u00a0%");
  expect(format.percent(-0.004)).toBe("0.00\u00a0%");
  expect(format.signed(0.04)).toBe("0.0");
  expect(format.usd(0)).toBe("$0");
});

test.each([
  [1.005, 2, "1.01"],
  [-1234.5, 1, "−1,234.5"],
  [0.5, 0, "1"],
])("%d with %d digits is %s", (value, digits, text) => expect(format.fixed(value, digits)).toBe(text));

test.each([
  [12.345, "+12.35\u00a0%"],
  [-0.5, "−0.50\u00a0%"],
  [1234, "+1,234.00\u00a0%"],
])("%d percent is %s", (value, text) => expect(format.percent(value)).toBe(text));

test.each([
  [0.655, "66\u00a0%"],
  [1, "100\u00a0%"],
  [0, "0\u00a0%"],
])("a share of %d is %s", (value, text) => expect(format.share(value)).toBe(text));

test.each([
  [119_876.54, 0.1, "119,876.5"],
  [119_876.54, undefined, "119,876.54"],
  [0.0000712, 1e-7, "0.0000712"],
  [0.0000712, undefined, "0.0000712"],
  [0.0000714999, 1e-7, "0.0000715"],
  [1.5, 0.001, "1.500"],
  [17.5, 0.5, "17.5"],
  [1_234_567, 10, "1,234,570"],
  [1e-9, 1e-7, "0.000000001"],
  [4124.800_061_872, 0.100_000_001_5, "4,124.8"],
  [2 / 3, undefined, "0.66666667"],
])("a price of %d with a tick size of %s is %s", (value, tickSize, text) => {
  expect(format.price(value, tickSize)).toBe(text);
});

test.each([
  [1_240_000_000, "$1.24\u00a0B"],
  [310_400_000, "$310\u00a0M"],
  [2.5e12, "$2.50\u00a0T"],
  [999, "$999"],
  [1000, "$1.00\u00a0k"],
])("%d dollars are %s", (value, text) => expect(format.usd(value)).toBe(text));

test.each([
  [-5, "0\u00a0s"],
  [89_999, "89\u00a0s"],
  [90_000, "1\u00a0min"],
  [5_399_999, "89\u00a0min"],
  [5_400_000, "1\u00a0h"],
  [129_599_999, "35\u00a0h"],
  [129_600_000, "1\u00a0d"],
])("%d milliseconds are %s", (ms, text) => expect(format.timeSpan(ms)).toBe(text));

test("a time of another day has its date", () => {
  const time = timestampFromMs(Date.UTC(2026, 2, 4, 9, 7));
  expect(format.clock(time, Date.UTC(2026, 2, 4, 23))).toBe("09:07 UTC");
  expect(format.clock(time, Date.UTC(2026, 2, 5, 1))).toBe("4 Mar, 09:07 UTC");
});

test("a countdown has hours, minutes and seconds", () => {
  expect(format.countdown(7_985_000)).toBe("2:13:05");
  expect(format.countdown(400)).toBe("0:00:01");
  expect(format.countdown(-1)).toBe("0:00:00");
});
