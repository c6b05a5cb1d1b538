import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { retries } from "./retry.js";
import { MarketService } from "./stubs/virtuoso/market/v1/market_service_pb.js";
/** A client over gRPC-Web, for browsers, React Native and Node. */
export function createMarket({ baseUrl, timeoutMs = 5000, retry, fetch }) {
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
export function createMarketOn(transport) {
    return createClient(MarketService, transport);
}
