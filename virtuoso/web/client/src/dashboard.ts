import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { type FollowOptions, follow } from "./follow.js";
import type { Problem } from "./problem.js";
import type { ConfluenceRow } from "./stubs/virtuoso/market/v1/confluence_pb.js";
import type { MarketService, WatchDashboardResponse } from "./stubs/virtuoso/market/v1/market_service_pb.js";
import type { Mover } from "./stubs/virtuoso/market/v1/mover_pb.js";
import type { Overview } from "./stubs/virtuoso/market/v1/overview_pb.js";
import type { Provenance } from "./stubs/virtuoso/market/v1/provenance_pb.js";

/** The newest state of the market. A number that was not measured is absent. */
export interface Dashboard {
  readonly provenance: Provenance;
  readonly overview: Overview | undefined;
  /** The rows by symbol. */
  readonly rows: ReadonlyMap<string, ConfluenceRow>;
  readonly gainers: readonly Mover[];
  readonly losers: readonly Mover[];
  /** When the last message arrived, by this device's clock, epoch milliseconds. The age of the data is `provenance.age` plus
   * the time since then. */
  readonly heardMs: number;
  /** The token that resumes the stream after this state. */
  readonly resumeToken: string;
}

/** The dashboard and the state of its stream. */
export interface Live {
  /** Undefined before the first message. */
  readonly dashboard: Dashboard | undefined;
  readonly connection: "connecting" | "live" | "lost";
  /** Why the stream is lost. Undefined when it is not. */
  readonly problem: Problem | undefined;
  /** When a lost stream is opened again, this device's clock, epoch milliseconds. Undefined when it is not lost. */
  readonly retryAtMs: number | undefined;
}

/** Return the dashboard after a message of WatchDashboard. Return undefined before the first snapshot. */
export function withMessage(
  before: Dashboard | undefined,
  { provenance, event, resumeToken }: WatchDashboardResponse,
  heardMs = Date.now(),
): Dashboard | undefined {
  if (!provenance) return before;
  const received = { provenance, heardMs, resumeToken };
  switch (event.case) {
    case "snapshot": {
      const { overview, rows, gainers, losers } = event.value;
      return { ...received, overview, rows: new Map(rows.map((row) => [row.symbol, row])), gainers, losers };
    }
    case "delta": {
      if (!before) return undefined;
      const { overview = before.overview, changedRows, removedSymbols, gainers, losers } = event.value;
      const rows = new Map(before.rows);
      for (const symbol of removedSymbols) rows.delete(symbol);
      for (const row of changedRows) rows.set(row.symbol, row);
      return { ...received, overview, rows, gainers, losers };
    }
    default:
      return before && { ...before, ...received };
  }
}

/** Which part of the dashboard a stream has, and how often. */
export interface DashboardOptions extends FollowOptions {
  /** An earlier dashboard with the same symbols, such as that of the last visit. */
  readonly from?: Dashboard;
  /** The shortest time between two messages, milliseconds, 1000 to 60 000. Default 1000. */
  readonly minIntervalMs?: number;
  /** The symbols of the rows, at most 500, such as those on the screen. Default: all. */
  readonly symbols?: readonly string[];
}

/** Follow the dashboard forever. Yield after every message and every loss. A lost stream is resumed where it broke. Throw
 * only an error that a retry cannot fix. */
export async function* followDashboard(
  market: Client<typeof MarketService>,
  options: DashboardOptions = {},
): AsyncGenerator<Live> {
  let dashboard = options.from;
  const { minIntervalMs, symbols = [] } = options;
  const wanted = {
    symbols: [...symbols],
    ...(minIntervalMs !== undefined && { minInterval: durationFromMs(minIntervalMs) }),
  };
  yield { dashboard, connection: "connecting", problem: undefined, retryAtMs: undefined };
  const open = (signal: AbortSignal) =>
    market.watchDashboard({ resumeToken: dashboard?.resumeToken ?? "", ...wanted }, { signal, timeoutMs: 0 });
  for await (const event of follow(open, options)) {
    if ("lost" in event) {
      yield { dashboard, connection: "lost", problem: event.lost, retryAtMs: Date.now() + event.retryInMs };
    } else {
      dashboard = withMessage(dashboard, event.message);
      yield { dashboard, connection: "live", problem: undefined, retryAtMs: undefined };
    }
  }
}
