import type { Client } from "@connectrpc/connect";
import { type FollowOptions } from "./follow.js";
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
export declare function followAlerts(market: Client<typeof MarketService>, options?: FollowOptions & {
    readonly cursor?: string;
    readonly kinds?: AlertKind[];
    readonly minLevel?: AlertLevel;
}): AsyncGenerator<News>;
