import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type ServiceImpl, createRouterTransport } from "@connectrpc/connect";
import { type Market, MarketService, type WatchDashboardResponse, createMarketOn } from "virtuoso-market";
import { ProvenanceSchema, WatchDashboardResponseSchema } from "virtuoso-market";

// A market service within the test's own process, and the messages that it sends.

/** Return a client whose calls are answered by `handlers`. */
export function marketOf(
  handlers: Partial<ServiceImpl<typeof MarketService>>,
  interceptors: Interceptor[] = [],
): Market {
  return createMarketOn(
    createRouterTransport(({ service }) => service(MarketService, handlers), { transport: { interceptors } }),
  );
}

/** Return a message of WatchDashboard made from `snapshotId`, which is also its resume token. */
export function message(
  snapshotId: string,
  event?: MessageInitShape<typeof WatchDashboardResponseSchema>["event"],
): WatchDashboardResponse {
  const provenance = create(ProvenanceSchema, { snapshotId });
  return create(WatchDashboardResponseSchema, { provenance, resumeToken: snapshotId, ...(event && { event }) });
}

export const unavailable = (text = "restarting") => new ConnectError(text, Code.Unavailable);

/** Wait forever, or until `signal` is aborted, which is thrown. */
export function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new ConnectError("aborted", Code.Canceled)));
  });
}

/** Collect what an iteration yields, and what it throws, while the test goes on. */
export function collect<T>(iteration: AsyncIterable<T>): { readonly items: T[]; readonly end: Promise<unknown> } {
  const items: T[] = [];
  const run = async () => {
    try {
      for await (const item of iteration) items.push(item);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return { items, end: run() };
}
