import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/beta.proto.
 */
export declare const file_virtuoso_market_v1_beta: GenFile;
/**
 * How one symbol moves with BTC: ordinary least squares of its log returns on those of BTC, paired by time. The betas of
 * BTC itself are 1 by definition.
 *
 * @generated from message virtuoso.market.v1.Beta
 */
export type Beta = Message<"virtuoso.market.v1.Beta"> & {
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * One regression for each span, shortest first. A span is left out when half of its returns or more are missing, or when
     * BTC or the symbol did not move in it.
     *
     * @generated from field: repeated virtuoso.market.v1.BetaWindow windows = 2;
     */
    windows: BetaWindow[];
};
/**
 * Describes the message virtuoso.market.v1.Beta.
 * Use `create(BetaSchema)` to create a new message.
 */
export declare const BetaSchema: GenMessage<Beta>;
/**
 * The regression over one span.
 *
 * @generated from message virtuoso.market.v1.BetaWindow
 */
export type BetaWindow = Message<"virtuoso.market.v1.BetaWindow"> & {
    /**
     * The span.
     *
     * @generated from field: virtuoso.market.v1.BetaSpan span = 1;
     */
    span: BetaSpan;
    /**
     * The slope: the percentage that the symbol moves when BTC moves by one percent.
     *
     * @generated from field: double beta = 2;
     */
    beta: number;
    /**
     * The standard error of `beta`. It does not assume that all residuals are alike (HC3), so a few large bars widen it. At
     * least 0.
     *
     * @generated from field: double beta_error = 3;
     */
    betaError: number;
    /**
     * Pearson's correlation of the returns, -1 to 1.
     *
     * @generated from field: double correlation = 4;
     */
    correlation: number;
    /**
     * The share of the symbol's variance that BTC explains, 0-1.
     *
     * @generated from field: double r_squared = 5;
     */
    rSquared: number;
    /**
     * The return that BTC does not explain: the intercept, percent per year.
     *
     * @generated from field: double alpha_annual_percent = 6;
     */
    alphaAnnualPercent: number;
    /**
     * The t-value of the intercept, with its HC3 error. Below 2 in size, alpha is not clear: most likely chance. Absent when the regression leaves no residual.
     *
     * @generated from field: optional double alpha_t = 7;
     */
    alphaT?: number | undefined;
    /**
     * The slope over the returns in which BTC rose. Absent with fewer than 30 of them.
     *
     * @generated from field: optional double upside_beta = 8;
     */
    upsideBeta?: number | undefined;
    /**
     * The slope over the returns in which BTC fell. Absent with fewer than 30 of them.
     *
     * @generated from field: optional double downside_beta = 9;
     */
    downsideBeta?: number | undefined;
    /**
     * The number of pairs of returns.
     *
     * @generated from field: uint32 points = 10;
     */
    points: number;
    /**
     * The returns are of bars that close after this time, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp start_time = 11;
     */
    startTime?: Timestamp | undefined;
    /**
     * The returns are of bars that close at or before this time, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp end_time = 12;
     */
    endTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.BetaWindow.
 * Use `create(BetaWindowSchema)` to create a new message.
 */
export declare const BetaWindowSchema: GenMessage<BetaWindow>;
/**
 * Beta over time: each value is the slope over a quarter of the span.
 *
 * @generated from message virtuoso.market.v1.RollingBeta
 */
export type RollingBeta = Message<"virtuoso.market.v1.RollingBeta"> & {
    /**
     * The span.
     *
     * @generated from field: virtuoso.market.v1.BetaSpan span = 1;
     */
    span: BetaSpan;
    /**
     * The ends of the quarters, on the exchange's clock, ascending. As many as `betas`.
     *
     * @generated from field: repeated google.protobuf.Timestamp end_times = 2;
     */
    endTimes: Timestamp[];
    /**
     * The slopes. Each is over the quarter of the span that ends at the time with the same index in `end_times`.
     *
     * @generated from field: repeated double betas = 3;
     */
    betas: number[];
};
/**
 * Describes the message virtuoso.market.v1.RollingBeta.
 * Use `create(RollingBetaSchema)` to create a new message.
 */
export declare const RollingBetaSchema: GenMessage<RollingBeta>;
/**
 * The length of time over which a beta is measured.
 *
 * @generated from enum virtuoso.market.v1.BetaSpan
 */
export declare enum BetaSpan {
    /**
     * Never sent.
     *
     * @generated from enum value: BETA_SPAN_UNSPECIFIED = 0;
     */
    BETA_SPAN_UNSPECIFIED = 0,
    /**
     * 24 hours of 5-minute bars.
     *
     * @generated from enum value: BETA_SPAN_24H = 1;
     */
    BETA_SPAN_24H = 1,
    /**
     * 7 days of 30-minute bars.
     *
     * @generated from enum value: BETA_SPAN_7D = 2;
     */
    BETA_SPAN_7D = 2,
    /**
     * 30 days of 4-hour bars.
     *
     * @generated from enum value: BETA_SPAN_30D = 3;
     */
    BETA_SPAN_30D = 3
}
/**
 * Describes the enum virtuoso.market.v1.BetaSpan.
 */
export declare const BetaSpanSchema: GenEnum<BetaSpan>;
