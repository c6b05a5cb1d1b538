import { type Client, type Transport } from "@connectrpc/connect";
import { type RetryPolicy } from "./retry.js";
import { MarketService } from "./stubs/virtuoso/market/v1/market_service_pb.js";
/** The typed client of the service. For streams, use followDashboard and followAlerts. */
export type Market = Client<typeof MarketService>;
/** Options of a client. */
export interface MarketOptions {
    /** The address of the edge, such as "https://market.example.com". */
    readonly baseUrl: string;
    /** The deadline of a call, milliseconds. Default 5000. */
    readonly timeoutMs?: number;
    readonly retry?: RetryPolicy;
    /** A fetch that can stream, for platforms whose own cannot, such as React Native. */
    readonly fetch?: typeof globalThis.fetch;
}
/** Return a client over gRPC-Web, for browsers, React Native and Node. */
export declare function createMarket({ baseUrl, timeoutMs, retry, fetch }: MarketOptions): Market;
/** Return a client on a transport of your own, such as that of connect-node. Add `retries` to its interceptors to repeat calls. */
export declare function createMarketOn(transport: Transport): Market;
