import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/book_depth.proto.
 */
export declare const file_virtuoso_market_v1_book_depth: GenFile;
/**
 * The value of the orders that wait near the price of one market. Both sides are counted up to the same distance from the
 * middle of best bid and best ask, so that they can be compared. Nothing is said of orders beyond it.
 *
 * @generated from message virtuoso.market.v1.BookDepth
 */
export type BookDepth = Message<"virtuoso.market.v1.BookDepth"> & {
    /**
     * The price of the highest bid, USDT. Above 0.
     *
     * @generated from field: double best_bid = 1;
     */
    bestBid: number;
    /**
     * The price of the lowest ask, USDT. Above `best_bid`.
     *
     * @generated from field: double best_ask = 2;
     */
    bestAsk: number;
    /**
     * The distance from the middle up to which both sides are known, USDT. Above 0.
     *
     * @generated from field: double distance = 3;
     */
    distance: number;
    /**
     * The value of all bids within 1/20, 2/20, ... 20/20 of `distance` below the middle, USD. It never falls.
     *
     * @generated from field: repeated float bids_usd = 4;
     */
    bidsUsd: number[];
    /**
     * The value of all asks within 1/20, 2/20, ... 20/20 of `distance` above the middle, USD. It never falls.
     *
     * @generated from field: repeated float asks_usd = 5;
     */
    asksUsd: number[];
    /**
     * The time of the order book, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 6;
     */
    observedTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.BookDepth.
 * Use `create(BookDepthSchema)` to create a new message.
 */
export declare const BookDepthSchema: GenMessage<BookDepth>;
