import type { Client } from "@connectrpc/connect";
import { type FollowOptions, follow } from "./follow.js";
import type { Problem } from "./problem.js";
import { type Alert, type AlertKind, AlertLevel } from "./stubs/virtuoso/market/v1/alert_pb.js";
import type { MarketService } from "./stubs/virtuoso/market/v1/market_service_pb.js";

/** What became of the alerts since the last time. */
export interface News {
  /** Oldest first; each alert once, whatever broke in between. */
  readonly alerts: readonly Alert[];
  /** Goes on after these; keep it to go on another day. */
  readonly cursor: string;
  /** Why the stream is lost just now; undefined while it is live. */
  readonly problem: Problem | undefined;
}

/** Follow alerts for ever, from `cursor` on ("0": from the first one; "": only what happens from now on). Yields with every
 * message, also those that only give a sign of life, and with every loss. */
export async function* followAlerts(
  market: Client<typeof MarketService>,
  options: FollowOptions & {
    readonly cursor?: string;
    readonly kinds?: AlertKind[];
    readonly minLevel?: AlertLevel;
  } = {},
): AsyncGenerator<News> {
  let cursor = options.cursor ?? "";
  const { kinds = [], minLevel = AlertLevel.UNSPECIFIED } = options;
  const open = (signal: AbortSignal) => market.watchAlerts({ cursor, kinds, minLevel }, { signal, timeoutMs: 0 });
  for await (const happened of follow(open, options)) {
    if ("lost" in happened) {
      yield { alerts: [], cursor, problem: happened.lost };
    } else {
      cursor = happened.message.cursor;
      yield { alerts: happened.message.alerts, cursor, problem: undefined };
    }
  }
}
