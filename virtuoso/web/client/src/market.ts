import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { type RetryPolicy, retries } from "./retry.js";
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

/** Return a client on a transport of your own, such as that of connect-node. Add `retries` to its interceptors to repeat calls. */
export function createMarketOn(transport: Transport): Market {
  return createClient(MarketService, transport);
}
