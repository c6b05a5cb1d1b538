import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { retries } from "./retry.js";
import { MarketService } from "./stubs/virtuoso/market/v1/market_service_pb.js";
/** Return a client over gRPC-Web, for browsers, React Native and Node. */
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
/** Return a client on a transport of your own, such as that of connect-node. Add `retries` to its interceptors to repeat calls. */
export function createMarketOn(transport) {
    return createClient(MarketService, transport);
}
