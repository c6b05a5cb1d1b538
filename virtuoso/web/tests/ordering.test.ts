import { create } from "@bufbuild/protobuf";
import { AlertKind, AlertSchema, BetaSchema, BetaSpan, ConfluenceRowSchema, VenueMarketSchema } from "virtuoso-market";
import { expect, test } from "vitest";
import { matching } from "../src/search_order.js";
import { grouped } from "../src/tabs/alerts/groups.js";
import { rowsOf } from "../src/tabs/beta/sorting.js";
import { type Choice, isRankingDue, ordered, ranked } from "../src/tabs/dashboard/ordering.js";

const rows = [
  { symbol: "BTCUSDT", score: 50, turnover24hUsd: 9 },
  { symbol: "NEWUSDT", turnover24hUsd: 1 },
  { symbol: "ETHUSDT", score: 70 },
  { symbol: "ADAUSDT", score: 70, turnover24hUsd: 2 },
].map((row) => create(ConfluenceRowSchema, row));
const names = (sorted: readonly { symbol: string }[]) => sorted.map(({ symbol }) => symbol.slice(0, 3)).join(" ");

test("scores run either way; equal ones by symbol; rows without one come last", () => {
  expect(names(ordered(rows, "score", false))).toBe("ADA ETH BTC NEW");
  expect(names(ordered(rows, "score", true))).toBe("BTC ADA ETH NEW");
});

test("symbols run either way", () => {
  expect(names(ordered(rows, "symbol", true))).toBe("ADA BTC ETH NEW");
  expect(names(ordered(rows, "symbol", false))).toBe("NEW ETH BTC ADA");
});

test("the rows that were given stay as they are", () => {
  ordered(rows, "symbol", true);
  expect(names(rows)).toBe("BTC NEW ETH ADA");
});

test("betas of one window are sorted by a column, symbols without figures last", () => {
  const span = BetaSpan.BETA_SPAN_7D;
  const betas = [
    { symbol: "NEWUSDT", windows: [{ span: BetaSpan.BETA_SPAN_24H, beta: 9 }] },
    { symbol: "ETHUSDT", windows: [{ span, beta: 1.2, correlation: 0.9 }] },
    { symbol: "ADAUSDT", windows: [{ span, beta: 1.4, correlation: 0.5 }] },
  ].map((beta) => create(BetaSchema, beta));
  const sorted = (...order: [by: Parameters<typeof rowsOf>[2], ascending: boolean]) =>
    names(rowsOf(betas, span, ...order).map(({ beta }) => beta));
  expect(sorted("beta", false)).toBe("ADA ETH NEW");
  expect(sorted("beta", true)).toBe("ETH ADA NEW");
  expect(sorted("correlation", false)).toBe("ETH ADA NEW");
  expect(sorted("symbol", true)).toBe("ADA ETH NEW");
});

const byScore: Choice = { chip: "all", minScore: 0, sort: "score", ascending: false };
const bySymbol = new Map(rows.map((row) => [row.symbol, row]));

test("an order holds for 30 s, unless the choice or the symbols change", () => {
  const ranking = ranked(bySymbol, byScore, 1000);
  expect(isRankingDue(ranking, bySymbol, byScore, 30_999)).toBe(false);
  expect(isRankingDue(ranking, bySymbol, byScore, 31_000)).toBe(true);
  expect(isRankingDue(ranking, bySymbol, { ...byScore, ascending: true }, 1001)).toBe(true);
  expect(isRankingDue(ranking, new Map([...bySymbol].slice(1)), byScore, 1001)).toBe(true);
  const renamed = new Map(rows.map((row) => [`${row.symbol}X`, row]));
  expect(isRankingDue(ranking, renamed, byScore, 1001)).toBe(true);
});

test("each filter says how many rows it hides", () => {
  const { symbols, hidden } = ranked(bySymbol, { ...byScore, chip: ["ADAUSDT", "BTCUSDT"], minScore: 60 }, 0);
  expect(symbols).toEqual(["ADAUSDT"]);
  expect(hidden).toEqual([
    ["the watchlist", 2],
    ["the minimum score of 60", 1],
  ]);
});

test("the search finds a symbol or a full name, the best match first", () => {
  const markets = [
    ["SOLVUSDT", 5e6],
    ["SOLUSDT", 4e9],
    ["BTCUSDT", 9e9],
    ["1000PEPEUSDT", 1e8],
    ["RESOLVUSDT", 1e9],
  ].map(([symbol, turnover24hUsd]) => create(VenueMarketSchema, { symbol, turnover24hUsd } as object));
  const scored = rows.filter(({ symbol }) => symbol === "BTCUSDT");
  const found = (text: string) => matching(text, scored, markets).map(({ symbol }) => symbol);
  expect(found("sol")).toEqual(["SOLUSDT", "SOLVUSDT", "RESOLVUSDT"]);
  expect(found("bitcoin")).toEqual(["BTCUSDT"]);
  expect(found("pepe")).toEqual(["1000PEPEUSDT"]);
  expect(found("no such thing")).toEqual([]);
  expect(found("")[0]).toBe("BTCUSDT");
});

test("dimensions disagree when one is bullish and another is bearish", () => {
  const disagrees = (technical: number, volume: number) =>
    ranked(
      new Map([["A", create(ConfluenceRowSchema, { symbol: "A", technical, volume })]]),
      { ...byScore, chip: "disagreeing" },
      0,
    ).symbols.length === 1;
  expect([disagrees(70, 30), disagrees(60, 40), disagrees(59, 30), disagrees(80, 50)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("alerts are grouped by symbol, the group of the newest one first", () => {
  const alerts = ["ADAUSDT", "", "BTCUSDT", "ADAUSDT", ""].map((symbol, index) =>
    create(AlertSchema, {
      symbol,
      cursor: String(9 - index),
      kind: index === 4 ? AlertKind.DATA_QUALITY : AlertKind.PRICE_MOVE,
    }),
  );
  const groups = [...grouped(alerts)].map(([name, of]) => [name, of.map(({ cursor }) => cursor).join("")]);
  expect(groups).toEqual([
    ["ADAUSDT", "96"],
    ["market", "8"],
    ["BTCUSDT", "7"],
    ["data", "5"],
  ]);
});
