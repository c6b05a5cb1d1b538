import type { Client } from "@connectrpc/connect";
import { type FollowOptions } from "./follow.js";
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
export declare function withMessage(before: Dashboard | undefined, { provenance, event, resumeToken }: WatchDashboardResponse, heardMs?: number): Dashboard | undefined;
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
export declare function followDashboard(market: Client<typeof MarketService>, options?: DashboardOptions): AsyncGenerator<Live>;
