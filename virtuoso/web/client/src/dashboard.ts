import type { Client } from "@connectrpc/connect";
import { type FollowOptions, follow } from "./follow.js";
import type { Problem } from "./problem.js";
import type { ConfluenceRow } from "./stubs/virtuoso/market/v1/confluence_pb.js";
import type { MarketService, WatchDashboardResponse } from "./stubs/virtuoso/market/v1/market_service_pb.js";
import type { Mover } from "./stubs/virtuoso/market/v1/mover_pb.js";
import type { Overview } from "./stubs/virtuoso/market/v1/overview_pb.js";
import type { Provenance } from "./stubs/virtuoso/market/v1/provenance_pb.js";

/** The market as last heard. What was not heard is absent: no number in here is made up. */
export interface Dashboard {
  readonly provenance: Provenance;
  readonly overview: Overview | undefined;
  /** By symbol. */
  readonly rows: ReadonlyMap<string, ConfluenceRow>;
  readonly gainers: readonly Mover[];
  readonly losers: readonly Mover[];
  /** This device's clock when the last message came, epoch milliseconds: add what has passed since to `provenance.age`. */
  readonly heardMs: number;
  /** Goes on after what is in here. */
  readonly resumeToken: string;
}

/** A dashboard that is followed: what is known, and whether it is live. */
export interface Live {
  /** Undefined until the first message. */
  readonly dashboard: Dashboard | undefined;
  readonly connection: "connecting" | "live" | "lost";
  /** Why it is lost. */
  readonly problem: Problem | undefined;
  /** When a lost one is taken up again, this device's clock, epoch milliseconds. Undefined when it is not lost. */
  readonly retryAtMs: number | undefined;
}

/** The dashboard after a message of WatchDashboard. Undefined while there is none: a change of nothing. */
export function withMessage(
  before: Dashboard | undefined,
  { provenance, event, resumeToken }: WatchDashboardResponse,
  heardMs = Date.now(),
): Dashboard | undefined {
  if (!provenance) return before;
  const heard = { provenance, heardMs, resumeToken };
  switch (event.case) {
    case "snapshot": {
      const { overview, rows, gainers, losers } = event.value;
      return { ...heard, overview, rows: new Map(rows.map((row) => [row.symbol, row])), gainers, losers };
    }
    case "delta": {
      if (!before) return undefined;
      const { overview = before.overview, changedRows, removedSymbols, gainers, losers } = event.value;
      const rows = new Map(before.rows);
      for (const symbol of removedSymbols) rows.delete(symbol);
      for (const row of changedRows) rows.set(row.symbol, row);
      return { ...heard, overview, rows, gainers, losers };
    }
    default:
      return before && { ...before, ...heard };
  }
}

/** Follow the dashboard for ever: yields with every message and with every loss, after which it is taken up where it was.
 * `from` is what is known already, from an earlier visit for instance. Throws only what asking again cannot mend. */
export async function* followDashboard(
  market: Client<typeof MarketService>,
  options: FollowOptions & { readonly from?: Dashboard } = {},
): AsyncGenerator<Live> {
  let dashboard = options.from;
  yield { dashboard, connection: "connecting", problem: undefined, retryAtMs: undefined };
  const open = (signal: AbortSignal) =>
    market.watchDashboard({ resumeToken: dashboard?.resumeToken ?? "" }, { signal, timeoutMs: 0 });
  for await (const happened of follow(open, options)) {
    if ("lost" in happened) {
      yield { dashboard, connection: "lost", problem: happened.lost, retryAtMs: Date.now() + happened.retryInMs };
    } else {
      dashboard = withMessage(dashboard, happened.message);
      yield { dashboard, connection: "live", problem: undefined, retryAtMs: undefined };
    }
  }
}
