import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Side } from "./signal_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/opportunity.proto.
 */
export declare const file_virtuoso_market_v1_opportunity: GenFile;
/**
 * Something unusual that may be traded.
 *
 * @generated from message virtuoso.market.v1.Opportunity
 */
export type Opportunity = Message<"virtuoso.market.v1.Opportunity"> & {
    /**
     * Stable id.
     *
     * @generated from field: string id = 1;
     */
    id: string;
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 2;
     */
    symbol: string;
    /**
     * What was found.
     *
     * @generated from field: virtuoso.market.v1.OpportunityKind kind = 3;
     */
    kind: OpportunityKind;
    /**
     * Which way it would be traded.
     *
     * @generated from field: virtuoso.market.v1.Side side = 4;
     */
    side: Side;
    /**
     * The exchange's clock when it was found. Always present.
     *
     * @generated from field: google.protobuf.Timestamp found_time = 5;
     */
    foundTime?: Timestamp | undefined;
    /**
     * When it is old. Always present.
     *
     * @generated from field: google.protobuf.Timestamp expires_time = 6;
     */
    expiresTime?: Timestamp | undefined;
    /**
     * Price when it was found, USDT.
     *
     * @generated from field: double price = 7;
     */
    price: number;
    /**
     * How far it can be relied on, 0-1, from sample size and fit.
     *
     * @generated from field: double confidence = 8;
     */
    confidence: number;
    /**
     * The return that BTC's does not explain, over the kind's window, percent. Absent where the kind has none.
     *
     * @generated from field: optional double alpha_percent = 9;
     */
    alphaPercent?: number | undefined;
    /**
     * How unusual it is, in standard deviations of its own history. Absent where the kind has none.
     *
     * @generated from field: optional double z_score = 10;
     */
    zScore?: number | undefined;
    /**
     * The kind's own reading in `unit`. Absent where it has none.
     *
     * @generated from field: optional double reading = 11;
     */
    reading?: number | undefined;
    /**
     * The unit of `reading`. Empty (the default) for a plain number.
     *
     * @generated from field: string unit = 12;
     */
    unit: string;
    /**
     * One plain sentence. Never empty.
     *
     * @generated from field: string sentence = 13;
     */
    sentence: string;
    /**
     * The exchange.
     *
     * @generated from field: string venue = 14;
     */
    venue: string;
};
/**
 * Describes the message virtuoso.market.v1.Opportunity.
 * Use `create(OpportunitySchema)` to create a new message.
 */
export declare const OpportunitySchema: GenMessage<Opportunity>;
/**
 * What was found.
 *
 * @generated from enum virtuoso.market.v1.OpportunityKind
 */
export declare enum OpportunityKind {
    /**
     * Never sent.
     *
     * @generated from enum value: OPPORTUNITY_KIND_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * It has stopped moving with BTC.
     *
     * @generated from enum value: OPPORTUNITY_KIND_CORRELATION_BREAKDOWN = 1;
     */
    CORRELATION_BREAKDOWN = 1,
    /**
     * It moves more with BTC than it used to.
     *
     * @generated from enum value: OPPORTUNITY_KIND_BETA_EXPANSION = 2;
     */
    BETA_EXPANSION = 2,
    /**
     * It moves less with BTC than it used to.
     *
     * @generated from enum value: OPPORTUNITY_KIND_BETA_COMPRESSION = 3;
     */
    BETA_COMPRESSION = 3,
    /**
     * Its price in BTC leaves its range.
     *
     * @generated from enum value: OPPORTUNITY_KIND_RELATIVE_STRENGTH_BREAKOUT = 4;
     */
    RELATIVE_STRENGTH_BREAKOUT = 4,
    /**
     * What BTC does not explain has gone unusually far.
     *
     * @generated from enum value: OPPORTUNITY_KIND_REVERSION = 5;
     */
    REVERSION = 5,
    /**
     * Short and long timeframes point to different sides.
     *
     * @generated from enum value: OPPORTUNITY_KIND_CROSS_TIMEFRAME_DIVERGENCE = 6;
     */
    CROSS_TIMEFRAME_DIVERGENCE = 6,
    /**
     * One side pays unusually much to stay.
     *
     * @generated from enum value: OPPORTUNITY_KIND_FUNDING_EXTREME = 7;
     */
    FUNDING_EXTREME = 7
}
/**
 * Describes the enum virtuoso.market.v1.OpportunityKind.
 */
export declare const OpportunityKindSchema: GenEnum<OpportunityKind>;
