import { Code, ConnectError } from "@connectrpc/connect";
import { retries } from "virtuoso-market";
import { RetryInfoSchema } from "virtuoso-market/stubs/google/rpc/error_details_pb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { marketOf, unavailable } from "./market.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Return how often a service that always fails with `error` is called, and what the caller gets. */
async function callsOf(error: ConnectError, policy = {}, timeoutMs?: number): Promise<[number, unknown]> {
  let calls = 0;
  const getOverview = () => {
    calls += 1;
    throw error;
  };
  const call = marketOf({ getOverview }, [retries(policy)])
    .getOverview({}, { timeoutMs })
    .catch((reason: unknown) => reason);
  await vi.advanceTimersByTimeAsync(60_000);
  return [calls, await call];
}

/** Return the error of a service that asks for a pause of `seconds`. */
const refusal = (seconds: bigint) =>
  new ConnectError("later", Code.Unavailable, undefined, [
    { desc: RetryInfoSchema, value: { retryDelay: { seconds, nanos: 0 } } },
  ]);

test("a call that no server could answer is made three times in all", async () => {
  expect(await callsOf(unavailable())).toEqual([3, expect.objectContaining({ code: Code.Unavailable })]);
  expect((await callsOf(unavailable(), { attempts: 1 }))[0]).toBe(1);
});

test("a call that was refused is not made again", async () => {
  for (const code of [Code.InvalidArgument, Code.NotFound, Code.DeadlineExceeded, Code.ResourceExhausted]) {
    expect(await callsOf(new ConnectError("no", code))).toEqual([1, expect.objectContaining({ code })]);
  }
});

test("a call is not made again when the service asks for a longer pause than the caller has", async () => {
  expect((await callsOf(refusal(3n)))[0]).toBe(1);
  expect((await callsOf(refusal(2n)))[0]).toBe(3);
  expect((await callsOf(refusal(3n), { longestPauseMs: 3000 }))[0]).toBe(3);
});

test("a call that cannot be answered before its deadline fails with the reason of the service", async () => {
  for (const [timeoutMs, calls] of [
    [2400, 1],
    [4400, 2],
    [5600, 3],
  ] as const) {
    expect(await callsOf(refusal(2n), {}, timeoutMs)).toEqual([
      calls,
      expect.objectContaining({ code: Code.Unavailable }),
    ]);
  }
});

test("a call that succeeds the second time succeeds", async () => {
  let calls = 0;
  const getOverview = () => {
    calls += 1;
    if (calls === 1) throw unavailable();
    return {};
  };
  const call = marketOf({ getOverview }, [retries()]).getOverview({});
  await vi.advanceTimersByTimeAsync(3000);
  expect((await call).$typeName).toBe("virtuoso.market.v1.GetOverviewResponse");
  expect(calls).toBe(2);
});
