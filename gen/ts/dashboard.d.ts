import type { Client } from "@connectrpc/connect";
import { type FollowOptions } from "./follow.js";
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
export declare function withMessage(before: Dashboard | undefined, { provenance, event, resumeToken }: WatchDashboardResponse, heardMs?: number): Dashboard | undefined;
/** Follow the dashboard for ever: yields with every message and with every loss, after which it is taken up where it was.
 * `from` is what is known already, from an earlier visit for instance. Throws only what asking again cannot mend. */
export declare function followDashboard(market: Client<typeof MarketService>, options?: FollowOptions & {
    readonly from?: Dashboard;
}): AsyncGenerator<Live>;
