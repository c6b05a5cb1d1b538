import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/candle.proto.
 */
export declare const file_virtuoso_market_v1_candle: GenFile;
/**
 * One bar of a chart.
 *
 * @generated from message virtuoso.market.v1.Candle
 */
export type Candle = Message<"virtuoso.market.v1.Candle"> & {
    /**
     * When the bar opened, on the exchange's clock: a multiple of the timeframe.
     *
     * @generated from field: google.protobuf.Timestamp open_time = 1;
     */
    openTime?: Timestamp | undefined;
    /**
     * The first price, USDT. Above 0.
     *
     * @generated from field: double open = 2;
     */
    open: number;
    /**
     * The highest price, USDT. Above 0.
     *
     * @generated from field: double high = 3;
     */
    high: number;
    /**
     * The lowest price, USDT. Above 0.
     *
     * @generated from field: double low = 4;
     */
    low: number;
    /**
     * The last price, USDT. Above 0.
     *
     * @generated from field: double close = 5;
     */
    close: number;
    /**
     * The volume, in the unit that the price is for (SHIB1000USDT: thousands of SHIB). At least 0.
     *
     * @generated from field: double volume = 6;
     */
    volume: number;
};
/**
 * Describes the message virtuoso.market.v1.Candle.
 * Use `create(CandleSchema)` to create a new message.
 */
export declare const CandleSchema: GenMessage<Candle>;
/**
 * The length of a bar.
 *
 * @generated from enum virtuoso.market.v1.Timeframe
 */
export declare enum Timeframe {
    /**
     * Five minutes in a request. Never in a reply.
     *
     * @generated from enum value: TIMEFRAME_UNSPECIFIED = 0;
     */
    TIMEFRAME_UNSPECIFIED = 0,
    /**
     * One minute.
     *
     * @generated from enum value: TIMEFRAME_1M = 1;
     */
    TIMEFRAME_1M = 1,
    /**
     * Five minutes.
     *
     * @generated from enum value: TIMEFRAME_5M = 2;
     */
    TIMEFRAME_5M = 2,
    /**
     * Thirty minutes.
     *
     * @generated from enum value: TIMEFRAME_30M = 3;
     */
    TIMEFRAME_30M = 3,
    /**
     * Four hours.
     *
     * @generated from enum value: TIMEFRAME_4H = 4;
     */
    TIMEFRAME_4H = 4,
    /**
     * Fifteen minutes, from bars of five minutes.
     *
     * @generated from enum value: TIMEFRAME_15M = 5;
     */
    TIMEFRAME_15M = 5,
    /**
     * One hour, from bars of thirty minutes.
     *
     * @generated from enum value: TIMEFRAME_1H = 6;
     */
    TIMEFRAME_1H = 6,
    /**
     * One day in UTC, from bars of four hours.
     *
     * @generated from enum value: TIMEFRAME_1D = 7;
     */
    TIMEFRAME_1D = 7
}
/**
 * Describes the enum virtuoso.market.v1.Timeframe.
 */
export declare const TimeframeSchema: GenEnum<Timeframe>;
