import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/market.proto.
 */
export declare const file_virtuoso_market_v1_market: GenFile;
/**
 * A live USDT perpetual of the venue, tracked or not, with the figures that the venue gives for it.
 *
 * @generated from message virtuoso.market.v1.VenueMarket
 */
export type VenueMarket = Message<"virtuoso.market.v1.VenueMarket"> & {
    /**
     * The symbol as the venue names it, such as "SHIB1000USDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The asset without its multiplier, such as "SHIB". It is the same on every venue.
     *
     * @generated from field: string base_asset = 2;
     */
    baseAsset: string;
    /**
     * The number of units of the asset that the price is for, such as 1000. At least 1.
     *
     * @generated from field: uint32 multiplier = 3;
     */
    multiplier: number;
    /**
     * The last traded price, USDT. Above 0. Always present.
     *
     * @generated from field: double price = 4;
     */
    price: number;
    /**
     * When the venue gave the price, on its clock.
     *
     * @generated from field: google.protobuf.Timestamp price_time = 5;
     */
    priceTime?: Timestamp | undefined;
    /**
     * The change over 24 hours, percent, above -100. Absent when the venue does not give it.
     *
     * @generated from field: optional double change_24h_percent = 6;
     */
    change24hPercent?: number | undefined;
    /**
     * The turnover of the last 24 hours, USD. At least 0. Absent when the venue does not give it.
     *
     * @generated from field: optional double turnover_24h_usd = 7;
     */
    turnover24hUsd?: number | undefined;
    /**
     * The current funding rate as the venue states it, percent an interval. Above 0 when longs pay. Absent when it is not
     * known.
     *
     * @generated from field: optional double funding_percent = 8;
     */
    fundingPercent?: number | undefined;
    /**
     * The time between two funding payments. Absent when it is not known.
     *
     * @generated from field: google.protobuf.Duration funding_interval = 9;
     */
    fundingInterval?: Duration | undefined;
    /**
     * The open interest at the last price, USD. At least 0. Absent when the venue gives it only for one symbol at a time.
     *
     * @generated from field: optional double open_interest_usd = 10;
     */
    openInterestUsd?: number | undefined;
    /**
     * The smallest price step, USDT. Above 0. Absent when the venue does not give it.
     *
     * @generated from field: optional double tick_size = 11;
     */
    tickSize?: number | undefined;
    /**
     * When the venue listed the symbol. Absent when the venue does not give it.
     *
     * @generated from field: google.protobuf.Timestamp list_time = 12;
     */
    listTime?: Timestamp | undefined;
    /**
     * The rank by 24-hour turnover among the markets of this list. 1 is the largest. 0 (the default) without a turnover.
     *
     * @generated from field: uint32 turnover_rank = 13;
     */
    turnoverRank: number;
    /**
     * Why the symbol has no score. UNSPECIFIED (the default) when it has one.
     *
     * @generated from field: virtuoso.market.v1.UnscoredReason unscored_reason = 14;
     */
    unscoredReason: UnscoredReason;
};
/**
 * Describes the message virtuoso.market.v1.VenueMarket.
 * Use `create(VenueMarketSchema)` to create a new message.
 */
export declare const VenueMarketSchema: GenMessage<VenueMarket>;
/**
 * Why a market has no score.
 *
 * @generated from enum virtuoso.market.v1.UnscoredReason
 */
export declare enum UnscoredReason {
    /**
     * It has a score.
     *
     * @generated from enum value: UNSCORED_REASON_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * Only the markets with the highest turnover are tracked, and its rank was lower when they were last selected.
     *
     * @generated from enum value: UNSCORED_REASON_LOW_RANK = 1;
     */
    LOW_RANK = 1,
    /**
     * Its turnover is below the floor for tracked markets, or the venue does not give it.
     *
     * @generated from enum value: UNSCORED_REASON_LOW_TURNOVER = 2;
     */
    LOW_TURNOVER = 2,
    /**
     * The operator chose which symbols are tracked, and it is not one of them.
     *
     * @generated from enum value: UNSCORED_REASON_NOT_CHOSEN = 3;
     */
    NOT_CHOSEN = 3,
    /**
     * It is tracked, but the venue cannot measure it. ListSymbols has the reason in words.
     *
     * @generated from enum value: UNSCORED_REASON_UNMEASURABLE = 4;
     */
    UNMEASURABLE = 4,
    /**
     * It is tracked, and its data is still being read.
     *
     * @generated from enum value: UNSCORED_REASON_PENDING = 5;
     */
    PENDING = 5
}
/**
 * Describes the enum virtuoso.market.v1.UnscoredReason.
 */
export declare const UnscoredReasonSchema: GenEnum<UnscoredReason>;
