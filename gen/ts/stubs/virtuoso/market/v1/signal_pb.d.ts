import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { DimensionKind } from "./confluence_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/signal.proto.
 */
export declare const file_virtuoso_market_v1_signal: GenFile;
/**
 * A call to one side, and what became of it. R is the distance from entry to stop.
 *
 * @generated from message virtuoso.market.v1.Signal
 */
export type Signal = Message<"virtuoso.market.v1.Signal"> & {
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
     * Which way.
     *
     * @generated from field: virtuoso.market.v1.Side side = 3;
     */
    side: Side;
    /**
     * Where it stands.
     *
     * @generated from field: virtuoso.market.v1.SignalStatus status = 4;
     */
    status: SignalStatus;
    /**
     * The exchange's clock when it was given. Always present.
     *
     * @generated from field: google.protobuf.Timestamp opened_time = 5;
     */
    openedTime?: Timestamp | undefined;
    /**
     * Price at which it was given, USDT.
     *
     * @generated from field: double entry = 6;
     */
    entry: number;
    /**
     * Price at which it is wrong, USDT.
     *
     * @generated from field: double stop = 7;
     */
    stop: number;
    /**
     * Where parts of the position are closed, nearest first.
     *
     * @generated from field: repeated virtuoso.market.v1.SignalTarget targets = 8;
     */
    targets: SignalTarget[];
    /**
     * When it ends by itself. Always present.
     *
     * @generated from field: google.protobuf.Timestamp expires_time = 9;
     */
    expiresTime?: Timestamp | undefined;
    /**
     * The confluence score that gave it, 0-100.
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
     * The dimensions that drove the score, strongest first.
     *
     * @generated from field: repeated virtuoso.market.v1.DimensionKind drivers = 12;
     */
    drivers: DimensionKind[];
    /**
     * How many targets were reached.
     *
     * @generated from field: uint32 targets_hit = 13;
     */
    targetsHit: number;
    /**
     * Result in R, size-weighted: of what is closed so far, of all once `status` is not ACTIVE.
     *
     * @generated from field: double result_r = 14;
     */
    resultR: number;
    /**
     * When it ended. Absent while it is ACTIVE.
     *
     * @generated from field: google.protobuf.Timestamp closed_time = 15;
     */
    closedTime?: Timestamp | undefined;
    /**
     * Price of the last exit, USDT. Absent before the first.
     *
     * @generated from field: optional double exit_price = 16;
     */
    exitPrice?: number | undefined;
    /**
     * The set of weights that scored it.
     *
     * @generated from field: string model_version = 17;
     */
    modelVersion: string;
    /**
     * The exchange.
     *
     * @generated from field: string venue = 18;
     */
    venue: string;
    /**
     * Up to when bars have been held against stop and targets. Always present.
     *
     * @generated from field: google.protobuf.Timestamp judged_time = 19;
     */
    judgedTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Signal.
 * Use `create(SignalSchema)` to create a new message.
 */
export declare const SignalSchema: GenMessage<Signal>;
/**
 * A price at which a part of the position is closed.
 *
 * @generated from message virtuoso.market.v1.SignalTarget
 */
export type SignalTarget = Message<"virtuoso.market.v1.SignalTarget"> & {
    /**
     * The price, USDT.
     *
     * @generated from field: double price = 1;
     */
    price: number;
    /**
     * The part of the position, 0-1; those of a signal add up to 1.
     *
     * @generated from field: double size = 2;
     */
    size: number;
};
/**
 * Describes the message virtuoso.market.v1.SignalTarget.
 * Use `create(SignalTargetSchema)` to create a new message.
 */
export declare const SignalTargetSchema: GenMessage<SignalTarget>;
/**
 * How closed signals ended. Figures are absent where there is nothing to count.
 *
 * @generated from message virtuoso.market.v1.SignalRecord
 */
export type SignalRecord = Message<"virtuoso.market.v1.SignalRecord"> & {
    /**
     * All of them.
     *
     * @generated from field: virtuoso.market.v1.SignalTally all = 1;
     */
    all?: SignalTally | undefined;
    /**
     * Those to the long side.
     *
     * @generated from field: virtuoso.market.v1.SignalTally long = 2;
     */
    long?: SignalTally | undefined;
    /**
     * Those to the short side.
     *
     * @generated from field: virtuoso.market.v1.SignalTally short = 3;
     */
    short?: SignalTally | undefined;
    /**
     * By the dimension that drove them most.
     *
     * @generated from field: repeated virtuoso.market.v1.DriverTally drivers = 4;
     */
    drivers: DriverTally[];
    /**
     * The oldest signal that is counted was given at this time. Absent when none is.
     *
     * @generated from field: google.protobuf.Timestamp since_time = 5;
     */
    sinceTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.SignalRecord.
 * Use `create(SignalRecordSchema)` to create a new message.
 */
export declare const SignalRecordSchema: GenMessage<SignalRecord>;
/**
 * The record of one driver.
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
     * Its record.
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
     * How many.
     *
     * @generated from field: uint32 count = 1;
     */
    count: number;
    /**
     * How many of them ended with a result above 0.
     *
     * @generated from field: uint32 wins = 2;
     */
    wins: number;
    /**
     * wins / count, 0-1. Absent without any.
     *
     * @generated from field: optional double win_rate = 3;
     */
    winRate?: number | undefined;
    /**
     * Lower end of the win rate's Wilson interval at 95 %, 0-1. Absent without any.
     *
     * @generated from field: optional double win_rate_low = 4;
     */
    winRateLow?: number | undefined;
    /**
     * Upper end of it.
     *
     * @generated from field: optional double win_rate_high = 5;
     */
    winRateHigh?: number | undefined;
    /**
     * Mean result in R. Absent without any.
     *
     * @generated from field: optional double mean_r = 6;
     */
    meanR?: number | undefined;
    /**
     * win rate x mean win less loss rate x mean loss, R. Absent without any.
     *
     * @generated from field: optional double expectancy_r = 7;
     */
    expectancyR?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.SignalTally.
 * Use `create(SignalTallySchema)` to create a new message.
 */
export declare const SignalTallySchema: GenMessage<SignalTally>;
/**
 * Which way.
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
 * Where a signal stands.
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
     * Open.
     *
     * @generated from enum value: SIGNAL_STATUS_ACTIVE = 1;
     */
    ACTIVE = 1,
    /**
     * The stop was touched; targets may have been before.
     *
     * @generated from enum value: SIGNAL_STATUS_STOPPED = 2;
     */
    STOPPED = 2,
    /**
     * All targets were reached.
     *
     * @generated from enum value: SIGNAL_STATUS_TARGETS_REACHED = 3;
     */
    TARGETS_REACHED = 3,
    /**
     * Its time was over.
     *
     * @generated from enum value: SIGNAL_STATUS_EXPIRED = 4;
     */
    EXPIRED = 4,
    /**
     * The opposite signal was given.
     *
     * @generated from enum value: SIGNAL_STATUS_REVERSED = 5;
     */
    REVERSED = 5
}
/**
 * Describes the enum virtuoso.market.v1.SignalStatus.
 */
export declare const SignalStatusSchema: GenEnum<SignalStatus>;
