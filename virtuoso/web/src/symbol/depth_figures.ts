import type { BookDepth } from "virtuoso-market";

/** Return the middle of the best prices, the gap between them in basis points, the distance up to which orders are counted in
 * percent, and the values of all counted orders in USD. */
export function figuresOf({ bestBid, bestAsk, distance, bidsUsd, asksUsd }: BookDepth) {
  const middle = (bestBid + bestAsk) / 2;
  return {
    middle,
    spreadBp: (10_000 * (bestAsk - bestBid)) / middle,
    reachPercent: (100 * distance) / middle,
    bidsUsd: bidsUsd.at(-1) ?? 0,
    asksUsd: asksUsd.at(-1) ?? 0,
  };
}

/** Return the larger side, and how many times as large as the other one it is. There is none when they differ by less than a
 * tenth. */
export function largerSide(bidsUsd: number, asksUsd: number): { side: "bids" | "asks" | undefined; times: number } {
  const times = Math.max(bidsUsd, asksUsd) / Math.min(bidsUsd, asksUsd);
  return { side: times >= 1.1 ? (bidsUsd > asksUsd ? "bids" : "asks") : undefined, times };
}
