import type { Client } from "@connectrpc/connect";
import { type FollowOptions } from "./follow.js";
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
export declare function followAlerts(market: Client<typeof MarketService>, options?: FollowOptions & {
    readonly cursor?: string;
    readonly kinds?: AlertKind[];
    readonly minLevel?: AlertLevel;
}): AsyncGenerator<News>;
