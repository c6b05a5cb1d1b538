import type { Client } from "@connectrpc/connect";
import { type FollowOptions, follow } from "./follow.js";
import type { Problem } from "./problem.js";
import { type Alert, type AlertKind, AlertLevel } from "./stubs/virtuoso/market/v1/alert_pb.js";
import type { MarketService } from "./stubs/virtuoso/market/v1/market_service_pb.js";

/** The alerts since the last event, and the state of their stream. */
export interface News {
  /** The alerts, oldest first. Each alert comes once, also after a loss. */
  readonly alerts: readonly Alert[];
  /** The cursor that resumes after these alerts. It can be stored. */
  readonly cursor: string;
  /** Why the stream is lost. Undefined while it is live. */
  readonly problem: Problem | undefined;
}

/** Follow alerts forever, starting after `cursor`. "0" starts with the first alert, "" with the next new one. Yield after every
 * message, including heartbeats, and after every loss. */
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
  for await (const event of follow(open, options)) {
    if ("lost" in event) {
      yield { alerts: [], cursor, problem: event.lost };
    } else {
      cursor = event.message.cursor;
      yield { alerts: event.message.alerts, cursor, problem: undefined };
    }
  }
}
