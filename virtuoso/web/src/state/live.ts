import { create } from "@bufbuild/protobuf";
import { computed, signal } from "@preact/signals";
import { type Dashboard, type Live, GetDashboardResponseSchema, followDashboard, problemOf } from "virtuoso-market";
import { keep, recall } from "./archive.js";
import { market, seen, unseen, wake } from "./market.js";

/** The dashboard as last heard, and whether it is live. */
export const live = signal<Live>({
  dashboard: undefined,
  connection: "connecting",
  problem: undefined,
  retryAtMs: undefined,
});

/** Whether it is live: what shows only this need not follow every message. */
export const connection = computed(() => live.value.connection);

/** The id of the newest snapshot: what is asked for beside the dashboard is asked for again when it changes. */
export const snapshotId = computed(() => live.value.dashboard?.provenance.snapshotId);

/** The id of the newest snapshot once it is stale: replies made from it were not when they came. */
export const staleId = computed(() => (live.value.dashboard?.provenance.stale ? snapshotId.value : undefined));

const KEY = "dashboard";
const KEEP_EVERY_MS = 5000;

/** Show what was last heard on this device, and follow the market for ever, while anyone looks: browsers allow a site few
 * connections, and phones little battery. */
export async function followMarket(): Promise<void> {
  void remembered().then((dashboard) => {
    if (dashboard && !live.peek().dashboard) live.value = { ...live.peek(), dashboard };
  });
  try {
    for (;;) {
      await seen();
      await followWhileSeen();
    }
  } catch (error) {
    live.value = { ...live.peek(), connection: "lost", problem: problemOf(error), retryAtMs: undefined };
  }
}

/** When the service has answered, or turned out not to: what can wait until the market is on the screen waits for this. */
export function answered(): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.subscribe((state) => {
      if (state === "connecting") return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

async function followWhileSeen(): Promise<void> {
  const before = live.peek().dashboard;
  let keptMs = 0;
  for await (const state of followDashboard(market, { wake, signal: unseen(), ...(before && { from: before }) })) {
    live.value = { ...state, dashboard: state.dashboard ?? live.peek().dashboard };
    if (state.dashboard && state.connection === "live" && Date.now() - keptMs > KEEP_EVERY_MS) {
      keptMs = Date.now();
      void remember(state.dashboard);
    }
  }
}

async function remembered(): Promise<Dashboard | undefined> {
  const found = await recall(KEY, GetDashboardResponseSchema);
  if (!found?.message.provenance) return undefined;
  const { provenance, overview, rows, gainers, losers } = found.message;
  const bySymbol = new Map(rows.map((row) => [row.symbol, row]));
  return { provenance, overview, rows: bySymbol, gainers, losers, heardMs: found.heardMs, resumeToken: "" };
}

function remember({ provenance, overview, rows, gainers, losers, heardMs }: Dashboard): Promise<void> {
  const lists = { rows: [...rows.values()], gainers: [...gainers], losers: [...losers] };
  const message = create(GetDashboardResponseSchema, { provenance, ...lists, ...(overview && { overview }) });
  return keep(KEY, GetDashboardResponseSchema, message, heardMs);
}
