import { create } from "@bufbuild/protobuf";
import { BetaSchema, BetaSpan, ConfluenceRowSchema } from "virtuoso-market";
import { expect, test } from "vitest";
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

const byScore: Choice = { search: "", watchlist: undefined, minScore: 0, sort: "score", ascending: false };
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
  const { symbols, hidden } = ranked(bySymbol, { ...byScore, search: "a", minScore: 60, watchlist: ["ADAUSDT"] }, 0);
  expect(symbols).toEqual(["ADAUSDT"]);
  expect(hidden).toEqual([[`the search for "a"`, 3]]);
});
