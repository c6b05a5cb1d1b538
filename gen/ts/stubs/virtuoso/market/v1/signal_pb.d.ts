import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { DimensionKind } from "./confluence_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/signal.proto.
 */
export declare const file_virtuoso_market_v1_signal: GenFile;
/**
 * A trade in the direction of a score, and its outcome. One R is the distance from entry to stop, in log prices.
 *
 * @generated from message virtuoso.market.v1.Signal
 */
export type Signal = Message<"virtuoso.market.v1.Signal"> & {
    /**
     * An id that does not change.
     *
     * @generated from field: string id = 1;
     */
    id: string;
    /**
     * The symbol as the venue names it. A call on the whole market is a trade in BTC.
     *
     * @generated from field: string symbol = 2;
     */
    symbol: string;
    /**
     * The side of the trade.
     *
     * @generated from field: virtuoso.market.v1.Side side = 3;
     */
    side: Side;
    /**
     * Whether the signal is active, or how it ended.
     *
     * @generated from field: virtuoso.market.v1.SignalStatus status = 4;
     */
    status: SignalStatus;
    /**
     * When it opened, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp open_time = 5;
     */
    openTime?: Timestamp | undefined;
    /**
     * The last traded price at `open_time`, USDT. Above 0.
     *
     * @generated from field: double entry = 6;
     */
    entry: number;
    /**
     * The price at which the rest of the position is closed with a loss, USDT. Above 0.
     *
     * @generated from field: double stop = 7;
     */
    stop: number;
    /**
     * The prices at which parts of the position are closed with a profit, nearest first.
     *
     * @generated from field: repeated virtuoso.market.v1.SignalTarget targets = 8;
     */
    targets: SignalTarget[];
    /**
     * When it expires if it is still active, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp expire_time = 9;
     */
    expireTime?: Timestamp | undefined;
    /**
     * The confluence score at `open_time`, 0-100. Of a call on the whole market: the median score.
     *
     * @generated from field: double score = 10;
     */
    score: number;
    /**
     * The confidence of that score, 0-1.
     *
     * @generated from field: double confidence = 11;
     */
    confidence: number;
    /**
     * The kinds of the dimensions by |contribution| to that score, largest first.
     *
     * @generated from field: repeated virtuoso.market.v1.DimensionKind drivers = 12;
     */
    drivers: DimensionKind[];
    /**
     * The number of targets that were reached.
     *
     * @generated from field: uint32 targets_hit = 13;
     */
    targetsHit: number;
    /**
     * The result in R before costs, weighted by size. While the signal is ACTIVE, only the closed parts count.
     *
     * @generated from field: double result_r = 14;
     */
    resultR: number;
    /**
     * When it ended, on the exchange's clock. Absent while it is ACTIVE.
     *
     * @generated from field: google.protobuf.Timestamp close_time = 15;
     */
    closeTime?: Timestamp | undefined;
    /**
     * The price of the last exit, USDT. Above 0. Absent before the first exit.
     *
     * @generated from field: optional double exit_price = 16;
     */
    exitPrice?: number | undefined;
    /**
     * The name of the set of components, weights and parameters that made the score.
     *
     * @generated from field: string model_version = 17;
     */
    modelVersion: string;
    /**
     * The exchange. A reply also has the signals of venues that were in use before. They are evaluated when their venue is in use
     * again; `judge_time` says how far.
     *
     * @generated from field: string venue = 18;
     */
    venue: string;
    /**
     * The outcome is known up to this time. Later bars have not been compared with stop and targets. Always present.
     *
     * @generated from field: google.protobuf.Timestamp judge_time = 19;
     */
    judgeTime?: Timestamp | undefined;
    /**
     * The result in R after `costs`, weighted by size. While the signal is ACTIVE, only the closed parts count, and funding that
     * was paid. Absent without costs.
     *
     * @generated from field: optional double net_result_r = 20;
     */
    netResultR?: number | undefined;
    /**
     * The costs that `net_result_r` includes. Absent for signals of releases before costs were known.
     *
     * @generated from field: virtuoso.market.v1.SignalCosts costs = 21;
     */
    costs?: SignalCosts | undefined;
    /**
     * Funding that was paid until `judge_time`, in R. Negative when it was received.
     *
     * @generated from field: double funding_r = 22;
     */
    fundingR: number;
    /**
     * For a call on the whole market: the symbols whose scores were on its side, strongest first. Empty for other signals.
     *
     * @generated from field: repeated string market_symbols = 23;
     */
    marketSymbols: string[];
    /**
     * The result after costs, in R, of the random entry: the same plan at the same time of day, on one of the 7 days after
     * `open_time`. Absent until it has ended, or when its prices are not known.
     *
     * @generated from field: optional double baseline_r = 24;
     */
    baselineR?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Signal.
 * Use `create(SignalSchema)` to create a new message.
 */
export declare const SignalSchema: GenMessage<Signal>;
/**
 * The costs of a signal when it opened, in percent of the traded value.
 *
 * @generated from message virtuoso.market.v1.SignalCosts
 */
export type SignalCosts = Message<"virtuoso.market.v1.SignalCosts"> & {
    /**
     * Paid at entry and at each exit (VIRTUOSO_TAKER_FEE_PERCENT).
     *
     * @generated from field: double taker_fee_percent = 1;
     */
    takerFeePercent: number;
    /**
     * From bid to ask; half is paid at entry, and half at exit. VIRTUOSO_SPREAD_PERCENT where the order book was not known.
     *
     * @generated from field: double spread_percent = 2;
     */
    spreadPercent: number;
    /**
     * Paid per day by this side; negative when it is received. VIRTUOSO_FUNDING_DAY_PERCENT where the rate was not known.
     *
     * @generated from field: double funding_day_percent = 3;
     */
    fundingDayPercent: number;
};
/**
 * Describes the message virtuoso.market.v1.SignalCosts.
 * Use `create(SignalCostsSchema)` to create a new message.
 */
export declare const SignalCostsSchema: GenMessage<SignalCosts>;
/**
 * A price at which a part of the position is closed.
 *
 * @generated from message virtuoso.market.v1.SignalTarget
 */
export type SignalTarget = Message<"virtuoso.market.v1.SignalTarget"> & {
    /**
     * The price, USDT. Above 0.
     *
     * @generated from field: double price = 1;
     */
    price: number;
    /**
     * The part of the position, above 0, at most 1. The sizes of a signal add up to 1.
     *
     * @generated from field: double size = 2;
     */
    size: number;
    /**
     * The probability that a price without drift reaches it before the signal expires, 0-1: 2 (1 - Phi(distance / deviation)),
     * with the deviation of the lifetime from the median range of 30m bars. The stop is not considered. Absent when not known.
     *
     * @generated from field: optional double chance = 3;
     */
    chance?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.SignalTarget.
 * Use `create(SignalTargetSchema)` to create a new message.
 */
export declare const SignalTargetSchema: GenMessage<SignalTarget>;
/**
 * The results of the closed signals of a venue.
 *
 * @generated from message virtuoso.market.v1.SignalRecord
 */
export type SignalRecord = Message<"virtuoso.market.v1.SignalRecord"> & {
    /**
     * All closed signals.
     *
     * @generated from field: virtuoso.market.v1.SignalTally all = 1;
     */
    all?: SignalTally | undefined;
    /**
     * The long signals.
     *
     * @generated from field: virtuoso.market.v1.SignalTally long = 2;
     */
    long?: SignalTally | undefined;
    /**
     * The short signals.
     *
     * @generated from field: virtuoso.market.v1.SignalTally short = 3;
     */
    short?: SignalTally | undefined;
    /**
     * One tally for each dimension that was the first driver of a signal.
     *
     * @generated from field: repeated virtuoso.market.v1.DriverTally drivers = 4;
     */
    drivers: DriverTally[];
    /**
     * When the oldest of these signals opened. Absent when there is none, or when it is not known.
     *
     * @generated from field: google.protobuf.Timestamp start_time = 5;
     */
    startTime?: Timestamp | undefined;
    /**
     * The results after costs, compared with random entries. Absent while no closed signal has costs.
     *
     * @generated from field: virtuoso.market.v1.SignalEvidence evidence = 6;
     */
    evidence?: SignalEvidence | undefined;
};
/**
 * Describes the message virtuoso.market.v1.SignalRecord.
 * Use `create(SignalRecordSchema)` to create a new message.
 */
export declare const SignalRecordSchema: GenMessage<SignalRecord>;
/**
 * The results of closed signals after costs, beside those of random entries: for each signal one entry with the same symbol,
 * side, time of day, plan and costs, on one of the 7 days after it. A hash of the signal's id selects the day.
 *
 * @generated from message virtuoso.market.v1.SignalEvidence
 */
export type SignalEvidence = Message<"virtuoso.market.v1.SignalEvidence"> & {
    /**
     * All closed signals that have costs.
     *
     * @generated from field: virtuoso.market.v1.MeanResult net = 1;
     */
    net?: MeanResult | undefined;
    /**
     * The random entries that have ended.
     *
     * @generated from field: virtuoso.market.v1.MeanResult baseline = 2;
     */
    baseline?: MeanResult | undefined;
    /**
     * Signal minus its own random entry, of the same signals as `baseline`.
     *
     * @generated from field: virtuoso.market.v1.MeanResult difference = 3;
     */
    difference?: MeanResult | undefined;
    /**
     * What `difference` shows.
     *
     * @generated from field: virtuoso.market.v1.SignalVerdict verdict = 4;
     */
    verdict: SignalVerdict;
    /**
     * The verdict in one sentence.
     *
     * @generated from field: string sentence = 5;
     */
    sentence: string;
};
/**
 * Describes the message virtuoso.market.v1.SignalEvidence.
 * Use `create(SignalEvidenceSchema)` to create a new message.
 */
export declare const SignalEvidenceSchema: GenMessage<SignalEvidence>;
/**
 * A mean of results in R, with its interval.
 *
 * @generated from message virtuoso.market.v1.MeanResult
 */
export type MeanResult = Message<"virtuoso.market.v1.MeanResult"> & {
    /**
     * The number of results.
     *
     * @generated from field: uint32 count = 1;
     */
    count: number;
    /**
     * The mean, in R. Absent when `count` is 0.
     *
     * @generated from field: optional double mean_r = 2;
     */
    meanR?: number | undefined;
    /**
     * The lower end of its interval at 95 %, by Student's t with errors clustered by UTC day of opening. Absent with fewer than
     * 5 days.
     *
     * @generated from field: optional double mean_r_low = 3;
     */
    meanRLow?: number | undefined;
    /**
     * The upper end of this interval. Absent with fewer than 5 days.
     *
     * @generated from field: optional double mean_r_high = 4;
     */
    meanRHigh?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.MeanResult.
 * Use `create(MeanResultSchema)` to create a new message.
 */
export declare const MeanResultSchema: GenMessage<MeanResult>;
/**
 * The results of the signals with one dimension as the first driver.
 *
 * @generated from message virtuoso.market.v1.DriverTally
 */
export type DriverTally = Message<"virtuoso.market.v1.DriverTally"> & {
    /**
     * The dimension.
     *
     * @generated from field: virtuoso.market.v1.DimensionKind driver = 1;
     */
    driver: DimensionKind;
    /**
     * Their results.
     *
     * @generated from field: virtuoso.market.v1.SignalTally tally = 2;
     */
    tally?: SignalTally | undefined;
};
/**
 * Describes the message virtuoso.market.v1.DriverTally.
 * Use `create(DriverTallySchema)` to create a new message.
 */
export declare const DriverTallySchema: GenMessage<DriverTally>;
/**
 * Counts and rates of closed signals.
 *
 * @generated from message virtuoso.market.v1.SignalTally
 */
export type SignalTally = Message<"virtuoso.market.v1.SignalTally"> & {
    /**
     * The number of signals.
     *
     * @generated from field: uint32 count = 1;
     */
    count: number;
    /**
     * The number of signals with a result above 0 before costs.
     *
     * @generated from field: uint32 wins = 2;
     */
    wins: number;
    /**
     * wins / count, 0-1. Absent when count is 0.
     *
     * @generated from field: optional double win_rate = 3;
     */
    winRate?: number | undefined;
    /**
     * The lower end of the Wilson interval of the win rate at 95 %, 0-1. Absent when count is 0.
     *
     * @generated from field: optional double win_rate_low = 4;
     */
    winRateLow?: number | undefined;
    /**
     * The upper end of the Wilson interval of the win rate at 95 %, 0-1. Absent when count is 0.
     *
     * @generated from field: optional double win_rate_high = 5;
     */
    winRateHigh?: number | undefined;
    /**
     * The mean result in R before costs. Absent when count is 0.
     *
     * @generated from field: optional double mean_r = 6;
     */
    meanR?: number | undefined;
    /**
     * Win rate times mean win, minus loss rate times mean loss, in R before costs. Absent when count is 0.
     *
     * @generated from field: optional double expectancy_r = 7;
     */
    expectancyR?: number | undefined;
    /**
     * The mean result in R after costs, of the signals that have costs. Absent without one.
     *
     * @generated from field: optional double mean_net_r = 8;
     */
    meanNetR?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.SignalTally.
 * Use `create(SignalTallySchema)` to create a new message.
 */
export declare const SignalTallySchema: GenMessage<SignalTally>;
/**
 * The comparison of signals with random entries.
 *
 * @generated from enum virtuoso.market.v1.SignalVerdict
 */
export declare enum SignalVerdict {
    /**
     * Never sent.
     *
     * @generated from enum value: SIGNAL_VERDICT_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The interval of the difference contains 0, or there are fewer than 30 signals to compare, or fewer than 5 days.
     *
     * @generated from enum value: SIGNAL_VERDICT_NOTHING_SHOWN = 1;
     */
    NOTHING_SHOWN = 1,
    /**
     * The signals are shown to be better than random entries.
     *
     * @generated from enum value: SIGNAL_VERDICT_BETTER = 2;
     */
    BETTER = 2,
    /**
     * The signals are shown to be worse than random entries.
     *
     * @generated from enum value: SIGNAL_VERDICT_WORSE = 3;
     */
    WORSE = 3
}
/**
 * Describes the enum virtuoso.market.v1.SignalVerdict.
 */
export declare const SignalVerdictSchema: GenEnum<SignalVerdict>;
/**
 * The side of a trade.
 *
 * @generated from enum virtuoso.market.v1.Side
 */
export declare enum Side {
    /**
     * Never sent.
     *
     * @generated from enum value: SIDE_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * It gains when the price rises.
     *
     * @generated from enum value: SIDE_LONG = 1;
     */
    LONG = 1,
    /**
     * It gains when the price falls.
     *
     * @generated from enum value: SIDE_SHORT = 2;
     */
    SHORT = 2
}
/**
 * Describes the enum virtuoso.market.v1.Side.
 */
export declare const SideSchema: GenEnum<Side>;
/**
 * Whether a signal is active, or how it ended.
 *
 * @generated from enum virtuoso.market.v1.SignalStatus
 */
export declare enum SignalStatus {
    /**
     * Never sent.
     *
     * @generated from enum value: SIGNAL_STATUS_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * It has not ended.
     *
     * @generated from enum value: SIGNAL_STATUS_ACTIVE = 1;
     */
    ACTIVE = 1,
    /**
     * The price reached the stop, perhaps after some of the targets.
     *
     * @generated from enum value: SIGNAL_STATUS_STOPPED = 2;
     */
    STOPPED = 2,
    /**
     * The price reached all targets.
     *
     * @generated from enum value: SIGNAL_STATUS_TARGETS_REACHED = 3;
     */
    TARGETS_REACHED = 3,
    /**
     * It expired.
     *
     * @generated from enum value: SIGNAL_STATUS_EXPIRED = 4;
     */
    EXPIRED = 4,
    /**
     * A signal on the other side opened.
     *
     * @generated from enum value: SIGNAL_STATUS_REVERSED = 5;
     */
    REVERSED = 5
}
/**
 * Describes the enum virtuoso.market.v1.SignalStatus.
 */
export declare const SignalStatusSchema: GenEnum<SignalStatus>;
