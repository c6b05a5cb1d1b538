import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/outlook.proto.
 */
export declare const file_virtuoso_market_v1_outlook: GenFile;
/**
 * The odds that one symbol beats the median market in the next 24 hours, and the range of its move against that median. It is
 * beside the score and never in it. It says nothing of up or down, and no profit after fees has been shown. It is made once for
 * each bar of 4 hours, of candles alone.
 *
 * @generated from message virtuoso.market.v1.Outlook
 */
export type Outlook = Message<"virtuoso.market.v1.Outlook"> & {
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The odds of beating the median of the universe from the close of the newest bar, 0-1: in so many of 100 such cases a
     * symbol beat half of the markets. Absent when nothing is said.
     *
     * @generated from field: optional double odds = 2;
     */
    odds?: number | undefined;
    /**
     * The odds as they are shown: whole percent, 35-65. Absent without odds.
     *
     * @generated from field: optional uint32 odds_percent = 3;
     */
    oddsPercent?: number | undefined;
    /**
     * 8 times in 10 the move of such symbols less the universe's median ended between low and high. Percent, above -100. Absent
     * without odds.
     *
     * @generated from field: optional double low_percent = 4;
     */
    lowPercent?: number | undefined;
    /**
     * See low_percent.
     *
     * @generated from field: optional double high_percent = 5;
     */
    highPercent?: number | undefined;
    /**
     * Why nothing is said. UNSPECIFIED (the default) with odds.
     *
     * @generated from field: virtuoso.market.v1.OutlookAbsence absence = 6;
     */
    absence: OutlookAbsence;
    /**
     * The close of the newest bar, on the exchange's clock. The 24 hours begin there. Absent without bars.
     *
     * @generated from field: google.protobuf.Timestamp bar_time = 7;
     */
    barTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Outlook.
 * Use `create(OutlookSchema)` to create a new message.
 */
export declare const OutlookSchema: GenMessage<Outlook>;
/**
 * What the evidence for outlooks is, and what came of them.
 *
 * @generated from message virtuoso.market.v1.OutlookRecord
 */
export type OutlookRecord = Message<"virtuoso.market.v1.OutlookRecord"> & {
    /**
     * The close of the newest bar, on the exchange's clock. Absent without bars.
     *
     * @generated from field: google.protobuf.Timestamp bar_time = 1;
     */
    barTime?: Timestamp | undefined;
    /**
     * When the record was computed, on our clock.
     *
     * @generated from field: google.protobuf.Timestamp computed_time = 2;
     */
    computedTime?: Timestamp | undefined;
    /**
     * The symbols of the universe.
     *
     * @generated from field: uint32 universe = 3;
     */
    universe: number;
    /**
     * A reason why nothing is said of any symbol. UNSPECIFIED (the default) otherwise.
     *
     * @generated from field: virtuoso.market.v1.OutlookAbsence absence = 4;
     */
    absence: OutlookAbsence;
    /**
     * The record of each horizon, shortest first. The predictions are those of fits that did not know the outcome. Empty
     * without bars.
     *
     * @generated from field: repeated virtuoso.market.v1.OutlookHorizonRecord horizons = 5;
     */
    horizons: OutlookHorizonRecord[];
    /**
     * What came of the outlooks that were shown, as they were shown. Absent while the history cannot be read.
     *
     * @generated from field: virtuoso.market.v1.OutlookSaidRecord said = 6;
     */
    said?: OutlookSaidRecord | undefined;
};
/**
 * Describes the message virtuoso.market.v1.OutlookRecord.
 * Use `create(OutlookRecordSchema)` to create a new message.
 */
export declare const OutlookRecordSchema: GenMessage<OutlookRecord>;
/**
 * The outlooks of the last 90 days whose 24 hours have ended. They are judged by what was said then, and never computed again.
 *
 * @generated from message virtuoso.market.v1.OutlookSaidRecord
 */
export type OutlookSaidRecord = Message<"virtuoso.market.v1.OutlookSaidRecord"> & {
    /**
     * Their number.
     *
     * @generated from field: uint32 count = 1;
     */
    count: number;
    /**
     * The close of the bar of the first one, on the exchange's clock. Absent without any.
     *
     * @generated from field: google.protobuf.Timestamp since_time = 2;
     */
    sinceTime?: Timestamp | undefined;
    /**
     * The share of moves that ended within the interval, 0-1. Absent without any.
     *
     * @generated from field: optional double interval_coverage = 3;
     */
    intervalCoverage?: number | undefined;
    /**
     * The mean squared error of the odds. That of a coin is 0.25. Absent without any.
     *
     * @generated from field: optional double brier = 4;
     */
    brier?: number | undefined;
    /**
     * The symbols of each bar in tenths by their odds, lowest first. Empty without bars of 20 symbols.
     *
     * @generated from field: repeated virtuoso.market.v1.OutlookTenth tenths = 5;
     */
    tenths: OutlookTenth[];
};
/**
 * Describes the message virtuoso.market.v1.OutlookSaidRecord.
 * Use `create(OutlookSaidRecordSchema)` to create a new message.
 */
export declare const OutlookSaidRecordSchema: GenMessage<OutlookSaidRecord>;
/**
 * The out-of-sample record of one horizon.
 *
 * @generated from message virtuoso.market.v1.OutlookHorizonRecord
 */
export type OutlookHorizonRecord = Message<"virtuoso.market.v1.OutlookHorizonRecord"> & {
    /**
     * The horizon.
     *
     * @generated from field: virtuoso.market.v1.OutlookHorizon horizon = 1;
     */
    horizon: OutlookHorizon;
    /**
     * The predicted steps of 4 hours whose outcome has ended, of the last 540.
     *
     * @generated from field: uint32 steps = 2;
     */
    steps: number;
    /**
     * Whether the evidence is clear: q below 0.05. Outlooks are said only while that of 24 hours is.
     *
     * @generated from field: bool clear = 3;
     */
    clear: boolean;
    /**
     * The mean rank correlation of predictions and outcomes, -1 to 1. Absent without steps.
     *
     * @generated from field: optional double information = 4;
     */
    information?: number | undefined;
    /**
     * The ends of its interval of 95 % (Newey-West). Absent while the record is too short.
     *
     * @generated from field: optional double information_low = 5;
     */
    informationLow?: number | undefined;
    /**
     * See information_low.
     *
     * @generated from field: optional double information_high = 6;
     */
    informationHigh?: number | undefined;
    /**
     * The one-sided probability of such a correlation without an effect, by Newey-West. Absent while the record is too short.
     *
     * @generated from field: optional double p_newey_west = 7;
     */
    pNeweyWest?: number | undefined;
    /**
     * The same when the outcomes are exchanged between symbols, by 1,000 draws.
     *
     * @generated from field: optional double p_exchange = 8;
     */
    pExchange?: number | undefined;
    /**
     * The greater of both, corrected for the number of horizons (Benjamini and Hochberg).
     *
     * @generated from field: optional double q = 9;
     */
    q?: number | undefined;
    /**
     * The steps whose odds come from a calibration that did not know the outcome.
     *
     * @generated from field: uint32 calibrated_steps = 10;
     */
    calibratedSteps: number;
    /**
     * The mean squared error of the odds. That of a coin is 0.25. Absent without calibrated steps.
     *
     * @generated from field: optional double brier = 11;
     */
    brier?: number | undefined;
    /**
     * The share of moves that ended within the interval of 80 %, 0-1. Absent without calibrated steps.
     *
     * @generated from field: optional double interval_coverage = 12;
     */
    intervalCoverage?: number | undefined;
    /**
     * The symbols of each step in tenths by their odds, lowest first. Empty without calibrated steps.
     *
     * @generated from field: repeated virtuoso.market.v1.OutlookTenth tenths = 13;
     */
    tenths: OutlookTenth[];
    /**
     * The record by week, oldest first.
     *
     * @generated from field: repeated virtuoso.market.v1.OutlookWeek weeks = 14;
     */
    weeks: OutlookWeek[];
};
/**
 * Describes the message virtuoso.market.v1.OutlookHorizonRecord.
 * Use `create(OutlookHorizonRecordSchema)` to create a new message.
 */
export declare const OutlookHorizonRecordSchema: GenMessage<OutlookHorizonRecord>;
/**
 * A tenth of the symbols of each step: what was said and what was.
 *
 * @generated from message virtuoso.market.v1.OutlookTenth
 */
export type OutlookTenth = Message<"virtuoso.market.v1.OutlookTenth"> & {
    /**
     * The mean odds, 0-1.
     *
     * @generated from field: double said = 1;
     */
    said: number;
    /**
     * The share that beat the median, 0-1. A tie counts half.
     *
     * @generated from field: double was = 2;
     */
    was: number;
    /**
     * The number of predictions.
     *
     * @generated from field: uint32 count = 3;
     */
    count: number;
};
/**
 * Describes the message virtuoso.market.v1.OutlookTenth.
 * Use `create(OutlookTenthSchema)` to create a new message.
 */
export declare const OutlookTenthSchema: GenMessage<OutlookTenth>;
/**
 * The predictions of one week.
 *
 * @generated from message virtuoso.market.v1.OutlookWeek
 */
export type OutlookWeek = Message<"virtuoso.market.v1.OutlookWeek"> & {
    /**
     * Monday, 00:00 UTC.
     *
     * @generated from field: google.protobuf.Timestamp start_time = 1;
     */
    startTime?: Timestamp | undefined;
    /**
     * The steps of the week.
     *
     * @generated from field: uint32 steps = 2;
     */
    steps: number;
    /**
     * The mean rank correlation of predictions and outcomes, -1 to 1.
     *
     * @generated from field: double information = 3;
     */
    information: number;
    /**
     * The mean squared error of the odds. That of a coin is 0.25. Absent without calibrated steps.
     *
     * @generated from field: optional double brier = 4;
     */
    brier?: number | undefined;
    /**
     * The share of moves that ended within the interval of 80 %, 0-1. Absent without calibrated steps.
     *
     * @generated from field: optional double interval_coverage = 5;
     */
    intervalCoverage?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.OutlookWeek.
 * Use `create(OutlookWeekSchema)` to create a new message.
 */
export declare const OutlookWeekSchema: GenMessage<OutlookWeek>;
/**
 * Why nothing is said of a symbol.
 *
 * @generated from enum virtuoso.market.v1.OutlookAbsence
 */
export declare enum OutlookAbsence {
    /**
     * Something is said.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The record does not show clearly that such odds are right.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_EVIDENCE_NOT_CLEAR = 1;
     */
    EVIDENCE_NOT_CLEAR = 1,
    /**
     * Fewer than 270 steps of 4 hours were predicted and have ended.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_RECORD_TOO_SHORT = 2;
     */
    RECORD_TOO_SHORT = 2,
    /**
     * Fewer than 20 symbols can be compared.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_TOO_FEW_SYMBOLS = 3;
     */
    TOO_FEW_SYMBOLS = 3,
    /**
     * The symbol has fewer than 181 bars of 4 hours without a gap.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_TOO_FEW_BARS = 4;
     */
    TOO_FEW_BARS = 4,
    /**
     * The newest bar did not come in time.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_BARS_LATE = 5;
     */
    BARS_LATE = 5,
    /**
     * The symbol's turnover of 7 days is below 1 million USD a day, or not among the 200 largest.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_NOT_IN_UNIVERSE = 6;
     */
    NOT_IN_UNIVERSE = 6,
    /**
     * The bars are not read yet, or could not be read.
     *
     * @generated from enum value: OUTLOOK_ABSENCE_BARS_UNREAD = 7;
     */
    BARS_UNREAD = 7
}
/**
 * Describes the enum virtuoso.market.v1.OutlookAbsence.
 */
export declare const OutlookAbsenceSchema: GenEnum<OutlookAbsence>;
/**
 * The time over which moves are compared.
 *
 * @generated from enum virtuoso.market.v1.OutlookHorizon
 */
export declare enum OutlookHorizon {
    /**
     * Never sent.
     *
     * @generated from enum value: OUTLOOK_HORIZON_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * 4 hours. Only in the record.
     *
     * @generated from enum value: OUTLOOK_HORIZON_HOURS_4 = 1;
     */
    HOURS_4 = 1,
    /**
     * 24 hours. The one that is shown.
     *
     * @generated from enum value: OUTLOOK_HORIZON_HOURS_24 = 2;
     */
    HOURS_24 = 2,
    /**
     * 7 days. Only in the record.
     *
     * @generated from enum value: OUTLOOK_HORIZON_DAYS_7 = 3;
     */
    DAYS_7 = 3
}
/**
 * Describes the enum virtuoso.market.v1.OutlookHorizon.
 */
export declare const OutlookHorizonSchema: GenEnum<OutlookHorizon>;
