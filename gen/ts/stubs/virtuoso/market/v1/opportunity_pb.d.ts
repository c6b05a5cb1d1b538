import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Side } from "./signal_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/opportunity.proto.
 */
export declare const file_virtuoso_market_v1_opportunity: GenFile;
/**
 * An unusual situation, as an observation: it says what ends it, has no target, and its outcome is not tracked.
 *
 * @generated from message virtuoso.market.v1.Opportunity
 */
export type Opportunity = Message<"virtuoso.market.v1.Opportunity"> & {
    /**
     * An id that does not change.
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
     * The side to which the observation points, as defined by its kind. It is no advice to trade.
     *
     * @generated from field: virtuoso.market.v1.Side side = 4;
     */
    side: Side;
    /**
     * When it was found, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp find_time = 5;
     */
    findTime?: Timestamp | undefined;
    /**
     * When it expires, on the exchange's clock: 4 hours after `find_time`. Always present.
     *
     * @generated from field: google.protobuf.Timestamp expire_time = 6;
     */
    expireTime?: Timestamp | undefined;
    /**
     * The price at `find_time`, USDT. Above 0.
     *
     * @generated from field: double price = 7;
     */
    price: number;
    /**
     * How reliable it is, 0-1, from the sample size and the goodness of fit.
     *
     * @generated from field: double confidence = 8;
     */
    confidence: number;
    /**
     * The move that BTC does not explain, percent of the price: over 4 hours for RELATIVE_STRENGTH_BREAKOUT, else over 24
     * hours. Absent for CROSS_TIMEFRAME_DIVERGENCE and FUNDING_EXTREME.
     *
     * @generated from field: optional double alpha_percent = 9;
     */
    alphaPercent?: number | undefined;
    /**
     * How unusual it is, in standard deviations.
     *
     * @generated from field: optional double z_score = 10;
     */
    zScore?: number | undefined;
    /**
     * The measured value in `unit`: the correlation, the beta, the move or the funding rate, by kind.
     *
     * @generated from field: optional double reading = 11;
     */
    reading?: number | undefined;
    /**
     * The unit of `reading`: "correlation", "beta" or "percent".
     *
     * @generated from field: string unit = 12;
     */
    unit: string;
    /**
     * One plain sentence that says what was found. Never empty.
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
    /**
     * Further symbols with the same kind and side at the same time, strongest first. Four or more markets move together: they
     * are one opportunity of the strongest one. Empty (the default) otherwise.
     *
     * @generated from field: repeated string also_symbols = 15;
     */
    alsoSymbols: string[];
    /**
     * One plain sentence that says what ends the observation: the figure is as usual again, or its move is gone. Empty (the
     * default) for those that an earlier release found.
     *
     * @generated from field: string invalidation = 16;
     */
    invalidation: string;
    /**
     * The price of `invalidation`, USDT: for LONG it is below `price`, for SHORT above it. Absent for kinds whose end is no
     * price: correlation, beta and funding.
     *
     * @generated from field: optional double invalidation_price = 17;
     */
    invalidationPrice?: number | undefined;
    /**
     * When the definition of its kind last held, on the exchange's clock: the time of the snapshot if it holds now. Absent
     * when this is not known, because it was read from the history and has not held since.
     *
     * @generated from field: google.protobuf.Timestamp last_held_time = 18;
     */
    lastHeldTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Opportunity.
 * Use `create(OpportunitySchema)` to create a new message.
 */
export declare const OpportunitySchema: GenMessage<Opportunity>;
/**
 * What was found. Most kinds compare the last 24 hours with the six days before them, in 30-minute returns.
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
     * The symbol no longer moves with BTC: the correlation fell from at least 0.6 to at most 0.3. The side is that of the move
     * that BTC does not explain.
     *
     * @generated from enum value: OPPORTUNITY_KIND_CORRELATION_BREAKDOWN = 1;
     */
    CORRELATION_BREAKDOWN = 1,
    /**
     * Beta is at least 1.5 times the previous one. The side is that of BTC's move over the last 24 hours.
     *
     * @generated from enum value: OPPORTUNITY_KIND_BETA_EXPANSION = 2;
     */
    BETA_EXPANSION = 2,
    /**
     * Beta is at most the previous one divided by 1.5. The side is that of the move that BTC does not explain.
     *
     * @generated from enum value: OPPORTUNITY_KIND_BETA_COMPRESSION = 3;
     */
    BETA_COMPRESSION = 3,
    /**
     * The move that BTC does not explain is unusually large over 4 hours and reaches the extreme of the week. The side is that
     * of this move.
     *
     * @generated from enum value: OPPORTUNITY_KIND_RELATIVE_STRENGTH_BREAKOUT = 4;
     */
    RELATIVE_STRENGTH_BREAKOUT = 4,
    /**
     * The move that BTC does not explain is unusually large over 24 hours and has begun to reverse: it is at least two
     * standard deviations of one return away from its extreme. The side is against this move.
     *
     * @generated from enum value: OPPORTUNITY_KIND_REVERSION = 5;
     */
    REVERSION = 5,
    /**
     * The last 2 hours clearly move against the last 7 days. The side is that of the 7 days.
     *
     * @generated from enum value: OPPORTUNITY_KIND_CROSS_TIMEFRAME_DIVERGENCE = 6;
     */
    CROSS_TIMEFRAME_DIVERGENCE = 6,
    /**
     * The funding rate is far from its own history and at least 0.09 % a day. The side is the one that receives it.
     *
     * @generated from enum value: OPPORTUNITY_KIND_FUNDING_EXTREME = 7;
     */
    FUNDING_EXTREME = 7
}
/**
 * Describes the enum virtuoso.market.v1.OpportunityKind.
 */
export declare const OpportunityKindSchema: GenEnum<OpportunityKind>;
