import { type Client, type Transport } from "@connectrpc/connect";
import { type RetryPolicy } from "./retry.js";
import { MarketService } from "./stubs/virtuoso/market/v1/market_service_pb.js";
/** Every RPC of the service, typed. Unary ones take a request and a deadline, streams are better followed. */
export type Market = Client<typeof MarketService>;
/** Where the service is, and how it is called. */
export interface MarketOptions {
    /** The edge's address, such as "https://market.example.com". */
    readonly baseUrl: string;
    /** Deadline of a call, milliseconds. Default 5000. */
    readonly timeoutMs?: number;
    readonly retry?: RetryPolicy;
    /** A fetch that can stream, where the platform's own cannot: React Native's, for instance. */
    readonly fetch?: typeof globalThis.fetch;
}
/** A client over gRPC-Web, for browsers, React Native and Node. */
export declare function createMarket({ baseUrl, timeoutMs, retry, fetch }: MarketOptions): Market;
/** A client on a transport of your own, such as connect-node's. Calls are repeated where it has `retries` among its
 * interceptors. */
export declare function createMarketOn(transport: Transport): Market;
