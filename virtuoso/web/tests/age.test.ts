import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Dashboard, ProvenanceSchema } from "virtuoso-market";
import { expect, test } from "vitest";
import { ageMs, isOutdated, isStale, marketMs } from "../src/age.js";

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

test("data is outdated without a live connection, when it is stale, or when a newer reply did not come", () => {
  const problem = { code: "unavailable", reason: undefined, message: "", retryAfterMs: undefined, fields: [] };
  expect(isOutdated(provenance, "live", undefined, undefined)).toBe(false);
  expect(isOutdated(provenance, "connecting", undefined, undefined)).toBe(true);
  expect(isOutdated(provenance, "lost", undefined, undefined)).toBe(true);
  expect(isOutdated(provenance, "live", "s1", undefined)).toBe(true);
  expect(isOutdated(provenance, "live", undefined, { ...problem, requestId: undefined })).toBe(true);
});
