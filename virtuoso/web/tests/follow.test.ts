import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { AlertSchema, WatchAlertsResponseSchema, follow, followAlerts, followDashboard } from "virtuoso-market";
import { RetryInfoSchema } from "virtuoso-market/stubs/google/rpc/error_details_pb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collect, marketOf, message, never, unavailable } from "./market.js";

// All time is virtual: Date and setTimeout are the test's own.
beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ["Date", "setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("a stream that is followed", () => {
  test("is opened again after each loss, with pauses that double up to the longest", async () => {
    const stop = new AbortController();
    const { items, end } = collect(follow(() => failing(unavailable()), { signal: stop.signal }));
    await pass(60_000);
    stop.abort();
    expect(await end).toBeUndefined();
    const pauses = items.map((item) => ("lost" in item ? item.retryInMs : Number.NaN));
    for (const [index, pause] of pauses.entries()) {
      const longest = Math.min(5000, 100 * 2 ** (index + 1));
      expect(pause).toBeGreaterThanOrEqual(longest / 2);
      expect(pause).toBeLessThanOrEqual(longest);
    }
    expect(pauses.length).toBeGreaterThan(12);
  });

  test("waits at least as long as the service asks", async () => {
    const retryDelay = { seconds: 7n, nanos: 0 };
    const refusal = new ConnectError("not ready", Code.Unavailable, undefined, [
      { desc: RetryInfoSchema, value: { retryDelay } },
    ]);
    const stop = new AbortController();
    const { items } = collect(follow(() => failing(refusal), { signal: stop.signal }));
    await pass(0);
    expect(items).toMatchObject([{ lost: { code: "unavailable", message: "not ready", retryAfterMs: 7000 } }]);
    await pass(6999);
    expect(items).toHaveLength(1);
    await pass(1751);
    expect(items).toHaveLength(2);
    stop.abort();
  });

  test("counts as lost when nothing came for the time of silence", async () => {
    const stop = new AbortController();
    const { items } = collect(follow((signal) => saying(["a"], signal), { signal: stop.signal, silenceMs: 35_000 }));
    await pass(34_999);
    expect(items).toEqual([{ message: "a" }]);
    await pass(1);
    expect(items[1]).toMatchObject({ lost: { message: "no message came for too long" } });
    stop.abort();
  });

  test("counts as lost when the server ends it", async () => {
    const stop = new AbortController();
    const { items } = collect(follow(() => ending(["a"]), { signal: stop.signal }));
    await pass(0);
    expect(items).toMatchObject([{ message: "a" }, { lost: { message: "the stream ended" } }]);
    stop.abort();
  });

  test("throws what would fail again, and does not ask again", async () => {
    let opened = 0;
    const { items, end } = collect(
      follow(() => {
        opened += 1;
        return failing(new ConnectError("no such field", Code.InvalidArgument));
      }),
    );
    await pass(60_000);
    expect(await end).toMatchObject({ code: Code.InvalidArgument });
    expect([items, opened]).toEqual([[], 1]);
  });

  test("is opened at once when the device wakes during a pause", async () => {
    const stop = new AbortController();
    const wake = new EventTarget();
    const { items } = collect(follow(() => failing(unavailable()), { signal: stop.signal, wake }));
    await pass(0);
    wake.dispatchEvent(new Event("wake"));
    await pass(0);
    expect(items).toHaveLength(2);
    stop.abort();
  });

  test("is opened again when the device wakes after a long silence, and kept after a short one", async () => {
    const stop = new AbortController();
    const wake = new EventTarget();
    const { items } = collect(follow((signal) => saying(["a"], signal), { signal: stop.signal, wake }));
    await pass(15_000);
    wake.dispatchEvent(new Event("wake"));
    await pass(0);
    expect(items).toHaveLength(1);
    await pass(1);
    wake.dispatchEvent(new Event("wake"));
    await pass(0);
    expect(items).toHaveLength(2);
    stop.abort();
  });

  test("ends without an error when its signal is aborted", async () => {
    const stop = new AbortController();
    const { items, end } = collect(follow((signal) => saying(["a"], signal), { signal: stop.signal }));
    await pass(0);
    stop.abort();
    expect(await end).toBeUndefined();
    expect(items).toEqual([{ message: "a" }]);
  });
});

test("the dashboard keeps its data over a loss and resumes from its last token", async () => {
  const tokens: string[] = [];
  const market = marketOf({
    async *watchDashboard({ resumeToken }, { signal }) {
      tokens.push(resumeToken);
      if (resumeToken === "") {
        yield message("s1", { case: "snapshot", value: { rows: [{ symbol: "BTCUSDT", price: 1 }] } });
        yield message("s2", { case: "delta", value: { changedRows: [{ symbol: "ETHUSDT", price: 2 }] } });
        throw unavailable("the server is stopping");
      }
      yield message("s3", { case: "delta", value: { removedSymbols: ["BTCUSDT"] } });
      await never(signal);
    },
  });
  const stop = new AbortController();
  const { items } = collect(followDashboard(market, { signal: stop.signal }));
  await pass(5000);
  stop.abort();
  expect(tokens).toEqual(["", "s2"]);
  expect(items.map(({ connection }) => connection)).toEqual(["connecting", "live", "live", "lost", "live"]);
  const [, , before, lost, after] = items;
  expect(lost?.dashboard).toBe(before?.dashboard);
  expect(lost?.problem?.message).toBe("the server is stopping");
  expect(lost?.retryAtMs).toBeGreaterThan(1_000_000);
  expect([...(after?.dashboard?.rows.keys() ?? [])]).toEqual(["ETHUSDT"]);
});

test("alerts go on from the last cursor, each once", async () => {
  const cursors: string[] = [];
  const market = marketOf({
    async *watchAlerts({ cursor }, { signal }) {
      cursors.push(cursor);
      if (cursor === "9") await never(signal);
      const next = String(Number(cursor) + 1);
      yield create(WatchAlertsResponseSchema, { cursor: next, alerts: [create(AlertSchema, { cursor: next })] });
      throw unavailable();
    },
  });
  const stop = new AbortController();
  const { items } = collect(followAlerts(market, { cursor: "7", signal: stop.signal }));
  await pass(20_000);
  stop.abort();
  expect(cursors).toEqual(["7", "8", "9"]);
  expect(items.flatMap(({ alerts }) => alerts.map(({ cursor }) => cursor))).toEqual(["8", "9"]);
  expect(items.map(({ problem }) => problem?.code)).toEqual([undefined, "unavailable", undefined, "unavailable"]);
});

async function* failing(error: Error): AsyncGenerator<never> {
  await Promise.resolve();
  throw error;
}

async function* ending<T>(messages: readonly T[]): AsyncGenerator<T> {
  await Promise.resolve();
  yield* messages;
}

async function* saying<T>(messages: readonly T[], signal: AbortSignal): AsyncGenerator<T> {
  yield* messages;
  await never(signal);
}
