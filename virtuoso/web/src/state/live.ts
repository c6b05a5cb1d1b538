import { create } from "@bufbuild/protobuf";
import { computed, effect, signal } from "@preact/signals";
import { type Dashboard, type Live, GetDashboardResponseSchema, followDashboard, problemOf } from "virtuoso-market";
import { statusOf } from "../age.js";
import { now } from "./clock.js";
import { messageIntervalMs } from "./interval.js";
import { loadReply, saveReply } from "./reply_store.js";
import { afterPaint } from "./screen.js";
import { hiddenSignal, market, offline, wake, whenVisible } from "./market.js";

/** The newest dashboard, and the state of its stream. */
export const live = signal<Live>({
  dashboard: undefined,
  connection: "connecting",
  problem: undefined,
  retryAtMs: undefined,
});

/** The state of the stream alone. A component that reads only this does not render with every message. */
export const connection = computed(() => live.value.connection);

// When the last message came, or when the stream was opened, by this device's clock.
const heardMs = signal(Date.now());

/** The time since the last message, milliseconds. */
export const silenceMs = computed(() => now.value - heardMs.value);

/** What the page says of its connection and its data. */
export const status = computed(() => statusOf(live.value, offline.value, silenceMs.value));

/** The id of the newest snapshot. The other calls are repeated when it changes. */
export const snapshotId = computed(() => live.value.dashboard?.provenance.snapshotId);

/** The id of the newest snapshot if it is stale. Replies from this snapshot may have arrived before it became stale, so they
 * are not marked as stale. */
export const staleId = computed(() => (live.value.dashboard?.provenance.stale ? snapshotId.value : undefined));

const KEY = "dashboard";
const SAVE_INTERVAL_MS = 5000;

/** Show the stored dashboard, and follow the market forever while the page is visible. A hidden page stops, because browsers
 * allow few connections to one site and because phones have small batteries. */
export async function followMarket(): Promise<void> {
  const stored = loadDashboard().then((dashboard) => {
    if (dashboard && !live.peek().dashboard) live.value = { ...live.peek(), dashboard };
  });
  try {
    for (;;) {
      await whenVisible();
      await followWhileVisible(stored);
    }
  } catch (error) {
    live.value = { ...live.peek(), connection: "lost", problem: problemOf(error), retryAtMs: undefined };
  }
}

/** Return once the service has answered, the call has failed, or there is a stored dashboard. */
export function firstData(): Promise<void> {
  return once(() => live.value.connection !== "connecting" || live.value.dashboard !== undefined);
}

/** Return once the answer of the service, or its absence, is on the screen. Tasks that can wait for the first data wait for
 * this. */
export async function firstAnswer(): Promise<void> {
  await once(() => connection.value !== "connecting");
  await new Promise<void>(afterPaint);
}

function once(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (!holds()) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

/** Without a connection, wait for the `stored` dashboard, so that the page does not say for a moment that it has no data. */
async function followWhileVisible(stored: Promise<void>): Promise<void> {
  const before = live.peek().dashboard;
  const minIntervalMs = messageIntervalMs.peek();
  const over = new AbortController();
  const stop = messageIntervalMs.subscribe((ms) => ms !== minIntervalMs && over.abort());
  hiddenSignal().addEventListener("abort", () => over.abort());
  // A stream that has lost its network is silent. A new one shows at once whether there is a network.
  addEventListener("offline", () => over.abort(), { signal: over.signal });
  over.signal.addEventListener("abort", stop);
  let savedMs = 0;
  for await (const state of followDashboard(market, {
    wake,
    minIntervalMs,
    signal: over.signal,
    ...(before && { from: before }),
  })) {
    if (state.connection === "lost") await stored;
    heardMs.value = Date.now();
    live.value = { ...state, dashboard: state.dashboard ?? live.peek().dashboard };
    const { dashboard } = state;
    if (dashboard && state.connection === "live" && Date.now() - savedMs > SAVE_INTERVAL_MS) {
      savedMs = Date.now();
      afterPaint(() => void saveDashboard(dashboard));
    }
  }
}

async function loadDashboard(): Promise<Dashboard | undefined> {
  const stored = await loadReply(KEY, GetDashboardResponseSchema);
  if (!stored?.message.provenance) return undefined;
  const { provenance, overview, rows, gainers, losers } = stored.message;
  const bySymbol = new Map(rows.map((row) => [row.symbol, row]));
  return { provenance, overview, rows: bySymbol, gainers, losers, heardMs: stored.heardMs, resumeToken: "" };
}

function saveDashboard({ provenance, overview, rows, gainers, losers, heardMs }: Dashboard): Promise<void> {
  const lists = { rows: [...rows.values()], gainers: [...gainers], losers: [...losers] };
  const message = create(GetDashboardResponseSchema, { provenance, ...lists, ...(overview && { overview }) });
  return saveReply(KEY, GetDashboardResponseSchema, message, heardMs);
}
