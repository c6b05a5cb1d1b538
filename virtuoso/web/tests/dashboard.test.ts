import { withMessage } from "virtuoso-market";
import { expect, test } from "vitest";
import { message } from "./market.js";

const snapshot = message("s1", {
  case: "snapshot",
  value: {
    overview: { totalTurnover24hUsd: 5 },
    rows: [{ symbol: "BTCUSDT", score: 61 }, { symbol: "ETHUSDT" }],
    gainers: [{ symbol: "ETHUSDT" }],
  },
});

test("a snapshot replaces all that was known", () => {
  const before = withMessage(undefined, snapshot, 1);
  const after = withMessage(before, message("s2", { case: "snapshot", value: { rows: [{ symbol: "ADAUSDT" }] } }), 2);
  expect([...(after?.rows.keys() ?? [])]).toEqual(["ADAUSDT"]);
  expect(after).toMatchObject({ heardMs: 2, resumeToken: "s2", overview: undefined, gainers: [] });
});

test("a delta changes only the rows that it names", () => {
  const before = withMessage(undefined, snapshot, 1);
  const delta = { changedRows: [{ symbol: "ETHUSDT", score: 40 }], removedSymbols: ["ADAUSDT"] };
  const after = withMessage(before, message("s2", { case: "delta", value: delta }), 2);
  expect(after?.rows.get("BTCUSDT")).toBe(before?.rows.get("BTCUSDT"));
  expect(after?.rows.get("ETHUSDT")?.score).toBe(40);
  expect(after?.overview).toBe(before?.overview);
});

test("a delta without a snapshot before it shows nothing", () => {
  expect(withMessage(undefined, message("s2", { case: "delta", value: {} }), 1)).toBeUndefined();
});

test("a sign of life renews the age and keeps the rows", () => {
  const before = withMessage(undefined, snapshot, 1);
  const after = withMessage(before, message("s1"), 9);
  expect(after?.rows).toBe(before?.rows);
  expect(after?.heardMs).toBe(9);
});
