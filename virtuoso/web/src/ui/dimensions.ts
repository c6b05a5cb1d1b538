/** The fields of a row with the scores of its six dimensions. */
export const ROW_DIMENSIONS = ["technical", "volume", "orderflow", "orderbook", "priceStructure", "sentiment"] as const;
