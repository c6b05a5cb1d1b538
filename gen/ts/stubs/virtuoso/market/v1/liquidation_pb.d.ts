import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/liquidation.proto.
 */
export declare const file_virtuoso_market_v1_liquidation: GenFile;
/**
 * Positions that the venue closed by force, of one market or of all tracked markets. Only streams have them, so they are
 * absent while the venue is polled.
 *
 * @generated from message virtuoso.market.v1.Liquidations
 */
export type Liquidations = Message<"virtuoso.market.v1.Liquidations"> & {
    /**
     * The sums of the last hour and of the last 24 hours, in this order.
     *
     * @generated from field: repeated virtuoso.market.v1.LiquidationSum sums = 1;
     */
    sums: LiquidationSum[];
    /**
     * Whether only some liquidations are known, so that the sums are lower bounds. Binance sends only the largest of each
     * market and second. Also true when the watch was interrupted since `start_time`, and when some of the tracked markets
     * are not watched, or only since a later time. Default false.
     *
     * @generated from field: bool lower_bound = 2;
     */
    lowerBound: boolean;
    /**
     * The largest liquidations of the last 24 hours, largest first, at most five.
     *
     * @generated from field: repeated virtuoso.market.v1.Liquidation largest = 3;
     */
    largest: Liquidation[];
};
/**
 * Describes the message virtuoso.market.v1.Liquidations.
 * Use `create(LiquidationsSchema)` to create a new message.
 */
export declare const LiquidationsSchema: GenMessage<Liquidations>;
/**
 * The liquidations within one period.
 *
 * @generated from message virtuoso.market.v1.LiquidationSum
 */
export type LiquidationSum = Message<"virtuoso.market.v1.LiquidationSum"> & {
    /**
     * The length of the period.
     *
     * @generated from field: google.protobuf.Duration period = 1;
     */
    period?: Duration | undefined;
    /**
     * The value of the long positions that were closed, USD. At least 0.
     *
     * @generated from field: double long_usd = 2;
     */
    longUsd: number;
    /**
     * The value of the short positions that were closed, USD. At least 0.
     *
     * @generated from field: double short_usd = 3;
     */
    shortUsd: number;
    /**
     * The start of the time that was watched, on the exchange's clock. It is later than the start of the period when the
     * stream began later, or was interrupted for more than five minutes. Always present.
     *
     * @generated from field: google.protobuf.Timestamp start_time = 4;
     */
    startTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.LiquidationSum.
 * Use `create(LiquidationSumSchema)` to create a new message.
 */
export declare const LiquidationSumSchema: GenMessage<LiquidationSum>;
/**
 * One position that the venue closed by force.
 *
 * @generated from message virtuoso.market.v1.Liquidation
 */
export type Liquidation = Message<"virtuoso.market.v1.Liquidation"> & {
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The side of the position.
     *
     * @generated from field: virtuoso.market.v1.PositionSide side = 2;
     */
    side: PositionSide;
    /**
     * The value of the position at `price`, USD. Above 0.
     *
     * @generated from field: double value_usd = 3;
     */
    valueUsd: number;
    /**
     * The price at which the position was closed, USDT. Above 0.
     *
     * @generated from field: double price = 4;
     */
    price: number;
    /**
     * When it was closed, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp liquidation_time = 5;
     */
    liquidationTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Liquidation.
 * Use `create(LiquidationSchema)` to create a new message.
 */
export declare const LiquidationSchema: GenMessage<Liquidation>;
/**
 * The side of a position.
 *
 * @generated from enum virtuoso.market.v1.PositionSide
 */
export declare enum PositionSide {
    /**
     * Never sent.
     *
     * @generated from enum value: POSITION_SIDE_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The position gained when the price rose.
     *
     * @generated from enum value: POSITION_SIDE_LONG = 1;
     */
    LONG = 1,
    /**
     * The position gained when the price fell.
     *
     * @generated from enum value: POSITION_SIDE_SHORT = 2;
     */
    SHORT = 2
}
/**
 * Describes the enum virtuoso.market.v1.PositionSide.
 */
export declare const PositionSideSchema: GenEnum<PositionSide>;
