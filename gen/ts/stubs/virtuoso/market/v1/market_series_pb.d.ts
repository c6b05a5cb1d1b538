import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/market_series.proto.
 */
export declare const file_virtuoso_market_v1_market_series: GenFile;
/**
 * A figure of one market over time.
 *
 * @generated from message virtuoso.market.v1.MarketSeries
 */
export type MarketSeries = Message<"virtuoso.market.v1.MarketSeries"> & {
    /**
     * The figure.
     *
     * @generated from field: virtuoso.market.v1.SeriesKind kind = 1;
     */
    kind: SeriesKind;
    /**
     * The points, oldest first. Empty when nothing is known. What was not measured has no point.
     *
     * @generated from field: repeated virtuoso.market.v1.SeriesPoint points = 2;
     */
    points: SeriesPoint[];
    /**
     * Where the points come from. UNSPECIFIED (the default) without points.
     *
     * @generated from field: virtuoso.market.v1.SeriesSource source = 3;
     */
    source: SeriesSource;
    /**
     * When the newest reading was made, on the exchange's clock. Absent without points.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 4;
     */
    observedTime?: Timestamp | undefined;
    /**
     * Whether only some liquidations are known, so that the points are lower bounds. Default false.
     *
     * @generated from field: bool lower_bound = 5;
     */
    lowerBound: boolean;
    /**
     * Why there are no points, in words. Empty (the default) when there are some.
     *
     * @generated from field: string missing = 6;
     */
    missing: string;
};
/**
 * Describes the message virtuoso.market.v1.MarketSeries.
 * Use `create(MarketSeriesSchema)` to create a new message.
 */
export declare const MarketSeriesSchema: GenMessage<MarketSeries>;
/**
 * A value of a series.
 *
 * @generated from message virtuoso.market.v1.SeriesPoint
 */
export type SeriesPoint = Message<"virtuoso.market.v1.SeriesPoint"> & {
    /**
     * The time of the value, on the exchange's clock. For sums over five minutes, the start of the five minutes. Always present.
     *
     * @generated from field: google.protobuf.Timestamp time = 1;
     */
    time?: Timestamp | undefined;
    /**
     * The value, in the unit of the kind.
     *
     * @generated from field: double value = 2;
     */
    value: number;
};
/**
 * Describes the message virtuoso.market.v1.SeriesPoint.
 * Use `create(SeriesPointSchema)` to create a new message.
 */
export declare const SeriesPointSchema: GenMessage<SeriesPoint>;
/**
 * A figure of one market over time, and its unit.
 *
 * @generated from enum virtuoso.market.v1.SeriesKind
 */
export declare enum SeriesKind {
    /**
     * Never sent.
     *
     * @generated from enum value: SERIES_KIND_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The funding rates that were paid, percent an interval. Above 0 when longs paid.
     *
     * @generated from enum value: SERIES_KIND_FUNDING_RATE = 1;
     */
    FUNDING_RATE = 1,
    /**
     * The open interest, in the unit that the price is for.
     *
     * @generated from enum value: SERIES_KIND_OPEN_INTEREST = 2;
     */
    OPEN_INTEREST = 2,
    /**
     * The ratio of long accounts to short accounts.
     *
     * @generated from enum value: SERIES_KIND_LONG_SHORT_RATIO = 3;
     */
    LONG_SHORT_RATIO = 3,
    /**
     * What takers bought minus what they sold within five minutes, in the unit that the price is for.
     *
     * @generated from enum value: SERIES_KIND_TAKER_DELTA = 4;
     */
    TAKER_DELTA = 4,
    /**
     * The long positions that the venue closed by force within five minutes, USD.
     *
     * @generated from enum value: SERIES_KIND_LONG_LIQUIDATIONS = 5;
     */
    LONG_LIQUIDATIONS = 5,
    /**
     * The short positions that the venue closed by force within five minutes, USD.
     *
     * @generated from enum value: SERIES_KIND_SHORT_LIQUIDATIONS = 6;
     */
    SHORT_LIQUIDATIONS = 6
}
/**
 * Describes the enum virtuoso.market.v1.SeriesKind.
 */
export declare const SeriesKindSchema: GenEnum<SeriesKind>;
/**
 * Where a series comes from.
 *
 * @generated from enum virtuoso.market.v1.SeriesSource
 */
export declare enum SeriesSource {
    /**
     * There are no points.
     *
     * @generated from enum value: SERIES_SOURCE_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The venue's own history of the figure.
     *
     * @generated from enum value: SERIES_SOURCE_VENUE_HISTORY = 1;
     */
    VENUE_HISTORY = 1,
    /**
     * The volume that takers bought, in the venue's bars.
     *
     * @generated from enum value: SERIES_SOURCE_VENUE_BARS = 2;
     */
    VENUE_BARS = 2,
    /**
     * The trades that the service received. It has no points of five minutes in which a trade may be missing.
     *
     * @generated from enum value: SERIES_SOURCE_TRADES = 3;
     */
    TRADES = 3,
    /**
     * The venue's stream of liquidations, since the service watches it.
     *
     * @generated from enum value: SERIES_SOURCE_LIQUIDATIONS = 4;
     */
    LIQUIDATIONS = 4
}
/**
 * Describes the enum virtuoso.market.v1.SeriesSource.
 */
export declare const SeriesSourceSchema: GenEnum<SeriesSource>;
