import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { type RetryPolicy, retries } from "./retry.js";
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
export function createMarket({ baseUrl, timeoutMs = 5000, retry, fetch }: MarketOptions): Market {
  const transport = createGrpcWebTransport({
    baseUrl,
    useBinaryFormat: true,
    defaultTimeoutMs: timeoutMs,
    interceptors: [retries(retry)],
    ...(fetch && { fetch }),
  });
  return createMarketOn(transport);
}

/** A client on a transport of your own, such as connect-node's. Calls are repeated where it has `retries` among its
 * interceptors. */
export function createMarketOn(transport: Transport): Market {
  return createClient(MarketService, transport);
}
