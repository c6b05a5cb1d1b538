import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Dashboard, type Live, ProvenanceSchema } from "virtuoso-market";
import { expect, test } from "vitest";
import { ageMs, differInAge, isOutdated, isStale, marketMs, statusOf } from "../src/age.js";

const provenance = create(ProvenanceSchema, {
  snapshotId: "s1",
  age: durationFromMs(2000),
  observedTime: timestampFromMs(500_000),
});
const dashboard = { provenance, heardMs: 1_000_000 } as unknown as Dashboard;

test("an age is the age when it was sent and the time since", () => {
  expect(ageMs(provenance, 1_000_000, 1_003_500)).toBe(5500);
});

test("a device whose clock steps back makes nothing younger than it was", () => {
  expect(ageMs(provenance, 1_000_000, 900_000)).toBe(2000);
});

test("an age that cannot be known is not guessed", () => {
  expect(ageMs(undefined, 1_000_000, 1_000_000)).toBeUndefined();
  expect(ageMs(provenance, undefined, 1_000_000)).toBeUndefined();
  expect(ageMs(create(ProvenanceSchema), 1_000_000, 1_000_000)).toBeUndefined();
});

test("the market's clock goes on from what was observed, whatever the device's clock says", () => {
  expect(marketMs(dashboard, 1_000_000)).toBe(502_000);
  expect(marketMs(dashboard, 1_060_000)).toBe(562_000);
  expect(marketMs(undefined, 1_060_000)).toBe(1_060_000);
});

test("a reply is stale when it says so, and when its snapshot became stale later", () => {
  expect(isStale(provenance, undefined)).toBe(false);
  expect(isStale(provenance, "s1")).toBe(true);
  expect(isStale(provenance, "s2")).toBe(false);
  expect(isStale(create(ProvenanceSchema, { snapshotId: "s1", stale: true }), undefined)).toBe(true);
});

test("replies differ in age by 5 s, or when an age is not known", () => {
  expect(differInAge({ provenance, heardMs: 1_000_000 }, { provenance, heardMs: 1_004_999 })).toBe(false);
  expect(differInAge({ provenance, heardMs: 1_005_000 }, { provenance, heardMs: 1_000_000 })).toBe(true);
  expect(differInAge({ provenance, heardMs: undefined }, { provenance, heardMs: 1_000_000 })).toBe(true);
});

const open: Live = { dashboard, connection: "live", problem: undefined, retryAtMs: undefined };
const problem = { code: "unavailable", message: "", retryAfterMs: undefined, fields: [], requestId: undefined };

test("the page is live only with current data over a connection that tells something", () => {
  expect(statusOf(open, false, 14_999)).toBe("live");
  expect(statusOf(open, false, 15_000)).toBe("silent");
  expect(statusOf({ ...open, dashboard: undefined }, false, 0)).toBe("connecting");
  const stale = { ...dashboard, provenance: create(ProvenanceSchema, { stale: true }) };
  expect(statusOf({ ...open, dashboard: stale }, false, 0)).toBe("stale");
});

test("a lost connection, a service without data and a device without a network are told apart", () => {
  const lost: Live = { ...open, connection: "lost", problem: { ...problem, reason: undefined } };
  expect(statusOf(lost, false, 0)).toBe("noConnection");
  expect(statusOf({ ...lost, problem: { ...problem, reason: "NOT_READY" } }, false, 0)).toBe("noData");
  expect(statusOf(lost, true, 0)).toBe("offline");
  expect(statusOf({ ...open, connection: "connecting" }, true, 0)).toBe("offline");
  expect(statusOf({ ...open, connection: "connecting" }, false, 15_000)).toBe("silent");
  expect(statusOf(open, true, 0)).toBe("live");
});

test("data is outdated when the page is not live, when it is stale, or when a newer reply did not come", () => {
  expect(isOutdated(provenance, "live", undefined, undefined)).toBe(false);
  expect(isOutdated(provenance, "connecting", undefined, undefined)).toBe(true);
  expect(isOutdated(provenance, "noConnection", undefined, undefined)).toBe(true);
  expect(isOutdated(provenance, "live", "s1", undefined)).toBe(true);
  expect(isOutdated(provenance, "live", undefined, { ...problem, reason: undefined })).toBe(true);
});
