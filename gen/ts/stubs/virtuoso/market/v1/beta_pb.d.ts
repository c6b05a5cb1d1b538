import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/beta.proto.
 */
export declare const file_virtuoso_market_v1_beta: GenFile;
/**
 * How one symbol moves with BTC over one window: ordinary least squares of its log returns on BTC's, aligned by time.
 * A figure is absent where too few returns of both stand side by side.
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
     * Its windows, shortest first; those with too few points are left out.
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
 * One window's regression.
 *
 * @generated from message virtuoso.market.v1.BetaWindow
 */
export type BetaWindow = Message<"virtuoso.market.v1.BetaWindow"> & {
    /**
     * Which one.
     *
     * @generated from field: virtuoso.market.v1.BetaSpan span = 1;
     */
    span: BetaSpan;
    /**
     * Slope: percent that the symbol moves with one percent of BTC.
     *
     * @generated from field: double beta = 2;
     */
    beta: number;
    /**
     * Standard error of `beta`. At least 0.
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
     * Share of the symbol's variance that BTC explains, 0-1.
     *
     * @generated from field: double r_squared = 5;
     */
    rSquared: number;
    /**
     * What BTC does not explain: the intercept, annualised, percent.
     *
     * @generated from field: double alpha_annual_percent = 6;
     */
    alphaAnnualPercent: number;
    /**
     * t-value of the intercept. Absent where it has no error.
     *
     * @generated from field: optional double alpha_t = 7;
     */
    alphaT?: number | undefined;
    /**
     * Slope over the returns in which BTC rose. Absent with too few of them.
     *
     * @generated from field: optional double upside_beta = 8;
     */
    upsideBeta?: number | undefined;
    /**
     * Slope over the returns in which BTC fell. Absent with too few of them.
     *
     * @generated from field: optional double downside_beta = 9;
     */
    downsideBeta?: number | undefined;
    /**
     * How many pairs of returns were used.
     *
     * @generated from field: uint32 points = 10;
     */
    points: number;
    /**
     * The returns are of bars that close after this time. Always present.
     *
     * @generated from field: google.protobuf.Timestamp start_time = 11;
     */
    startTime?: Timestamp | undefined;
    /**
     * And up to this time, on the exchange's clock. Always present.
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
 * Beta over time, each point from the returns of the quarter of the window before it.
 *
 * @generated from message virtuoso.market.v1.RollingBeta
 */
export type RollingBeta = Message<"virtuoso.market.v1.RollingBeta"> & {
    /**
     * Which window.
     *
     * @generated from field: virtuoso.market.v1.BetaSpan span = 1;
     */
    span: BetaSpan;
    /**
     * Ends of the windows, epoch milliseconds on the exchange's clock, rising.
     *
     * @generated from field: repeated int64 end_time_ms = 2;
     */
    endTimeMs: bigint[];
    /**
     * The betas at those times.
     *
     * @generated from field: repeated double beta = 3;
     */
    beta: number[];
};
/**
 * Describes the message virtuoso.market.v1.RollingBeta.
 * Use `create(RollingBetaSchema)` to create a new message.
 */
export declare const RollingBetaSchema: GenMessage<RollingBeta>;
/**
 * A window of returns.
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
     * 24 hours of 5 minute bars.
     *
     * @generated from enum value: BETA_SPAN_24H = 1;
     */
    BETA_SPAN_24H = 1,
    /**
     * 7 days of 30 minute bars.
     *
     * @generated from enum value: BETA_SPAN_7D = 2;
     */
    BETA_SPAN_7D = 2,
    /**
     * 30 days of 4 hour bars.
     *
     * @generated from enum value: BETA_SPAN_30D = 3;
     */
    BETA_SPAN_30D = 3
}
/**
 * Describes the enum virtuoso.market.v1.BetaSpan.
 */
export declare const BetaSpanSchema: GenEnum<BetaSpan>;
