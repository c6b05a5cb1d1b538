import { GetConfluenceResponseSchema } from "virtuoso-market";
import { snapshotId } from "../state/live.js";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";

/** Return the score of a symbol with its dimensions. It is asked for with every new snapshot, so that it is the score in the
 * list beside it. */
export function useConfluence(symbol: string) {
  return useQuery(
    `confluence:${symbol}`,
    GetConfluenceResponseSchema,
    (signal) => market.getConfluence({ symbol }, { signal }),
    0,
    ({ provenance }) => provenance?.snapshotId !== snapshotId.peek(),
  );
}
