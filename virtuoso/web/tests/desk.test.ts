import { expect, test } from "vitest";
import { DEFAULT, parse, shareOf, toggled, visibleRows, withShare } from "../src/desk/layout.js";
import { changeShade, fitting, scoreShade, tilesOf } from "../src/desk/tiles.js";

test("a stored layout keeps what is valid, and the rest is as in the default", () => {
  expect(parse(null)).toEqual(DEFAULT);
  expect(parse({ hidden: ["market", "weather"], sizes: { scores: 100, chart: -1, breakdown: "wide" } })).toEqual({
    hidden: ["market"],
    sizes: { ...DEFAULT.sizes, scores: 100 },
  });
});

test("a border moves room between its two panels only, and each keeps a tenth", () => {
  const moved = withShare(DEFAULT, "chart", "breakdown", 0.25);
  expect(shareOf(moved, "chart", "breakdown")).toBeCloseTo(0.25);
  expect(moved.sizes.chart + moved.sizes.breakdown).toBeCloseTo(DEFAULT.sizes.chart + DEFAULT.sizes.breakdown);
  expect(moved.sizes.findings).toBe(DEFAULT.sizes.findings);
  expect(shareOf(withShare(DEFAULT, "top", "bottom", 2), "top", "bottom")).toBeCloseTo(0.9);
});

test("a row whose panels are all hidden leaves its room to the other row", () => {
  const bottomHidden = (["chart", "breakdown", "findings"] as const).reduce(toggled, DEFAULT);
  expect(visibleRows(bottomHidden)).toEqual([["top", ["scores", "market"]]]);
  expect(visibleRows(toggled(bottomHidden, "chart")).map(([row]) => row)).toEqual(["top", "bottom"]);
});

test("the area of a tile is the turnover of its market; one without a turnover has none", () => {
  const markets = [
    { symbol: "ADAUSDT", turnover24hUsd: 1e6 },
    { symbol: "BTCUSDT", turnover24hUsd: 3e6 },
    { symbol: "NEWUSDT" },
    { symbol: "DUSTUSDT", turnover24hUsd: 1 },
  ];
  const tiles = tilesOf(markets, 400, 200);
  expect(tiles.map(({ symbol }) => symbol)).toEqual(["BTCUSDT", "ADAUSDT"]);
  const [btc = 0, ada = 0] = tiles.map(({ width, height }) => width * height);
  expect(btc / ada).toBeCloseTo(3, 1);
  expect(tilesOf([], 400, 200)).toEqual([]);
});

test("a tile has the direction of its figure, and no colour without one", () => {
  expect(changeShade(-20)).toEqual({ direction: "down", strength: 1 });
  expect(scoreShade(65)).toEqual({ direction: "up", strength: 0.5 });
  expect(scoreShade(50)).toEqual({ direction: "flat", strength: 0 });
  expect(changeShade(undefined)).toBeUndefined();
});

test("a tile shows the lines that fit", () => {
  const tile = { symbol: "BTCUSDT", x: 0, y: 0, width: 60, height: 40 };
  expect(fitting(tile, ["BTC", "+1.2 %"])).toEqual(["BTC", "+1.2 %"]);
  expect(fitting({ ...tile, height: 25 }, ["BTC", "+1.2 %"])).toEqual(["BTC"]);
  expect(fitting(tile, ["BTC", "+1234.5 %"])).toEqual(["BTC"]);
  expect(fitting({ ...tile, width: 20 }, ["BTC", "1"])).toEqual([]);
});
