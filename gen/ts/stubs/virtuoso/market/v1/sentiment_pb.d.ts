import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Component } from "./confluence_pb.js";
import type { Breadth } from "./overview_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/sentiment.proto.
 */
export declare const file_virtuoso_market_v1_sentiment: GenFile;
/**
 * The mood of the whole market: where its participants stand and what they pay for it. It describes and does not predict.
 * A number that was not measured is absent.
 *
 * @generated from message virtuoso.market.v1.Sentiment
 */
export type Sentiment = Message<"virtuoso.market.v1.Sentiment"> & {
    /**
     * 0 (fear) over 50 (neutral) to 100 (greed): 50 plus the contributions of the parts. Absent when none could be measured.
     *
     * @generated from field: optional double gauge = 1;
     */
    gauge?: number | undefined;
    /**
     * How far the gauge can be relied on, 0-1. Absent without a gauge.
     *
     * @generated from field: optional double confidence = 2;
     */
    confidence?: number | undefined;
    /**
     * Share of the gauge's weight that could be measured, 0-1.
     *
     * @generated from field: double coverage = 3;
     */
    coverage: number;
    /**
     * What the gauge is made of, strongest |contribution| first, those that are missing last. Directions run from -1 (fear)
     * to 1 (greed); the contributions add up to gauge - 50.
     *
     * @generated from field: repeated virtuoso.market.v1.Component parts = 4;
     */
    parts: Component[];
    /**
     * How many symbols of the whole venue rise, fall and stand. Absent when no 24 hour figures were given.
     *
     * @generated from field: virtuoso.market.v1.Breadth breadth = 5;
     */
    breadth?: Breadth | undefined;
    /**
     * Turnover-weighted mean funding rate, percent per interval of each market. Absent when none was given.
     *
     * @generated from field: optional double funding_mean_percent = 6;
     */
    fundingMeanPercent?: number | undefined;
    /**
     * Median funding rate, percent per interval of each market. Absent when none was given.
     *
     * @generated from field: optional double funding_median_percent = 7;
     */
    fundingMedianPercent?: number | undefined;
    /**
     * Open interest of the markets that say theirs, USD. Above 0. Absent when none does.
     *
     * @generated from field: optional double open_interest_usd = 8;
     */
    openInterestUsd?: number | undefined;
    /**
     * Its change over 4 hours at today's prices, percent. Absent without enough history.
     *
     * @generated from field: optional double open_interest_change_percent = 9;
     */
    openInterestChangePercent?: number | undefined;
    /**
     * Median of long accounts over short ones. Above 0. Absent when none was given.
     *
     * @generated from field: optional double long_short_median = 10;
     */
    longShortMedian?: number | undefined;
    /**
     * Accounts that are long, turnover-weighted, percent, 0-100. Absent when none was given.
     *
     * @generated from field: optional double long_accounts_percent = 11;
     */
    longAccountsPercent?: number | undefined;
    /**
     * Median premium of mark over index, basis points. Absent when none was given.
     *
     * @generated from field: optional double premium_median_bp = 12;
     */
    premiumMedianBp?: number | undefined;
    /**
     * One plain sentence. Never empty.
     *
     * @generated from field: string sentence = 13;
     */
    sentence: string;
    /**
     * The exchange's clock of the oldest input that the gauge was made from. Absent when there was none.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 14;
     */
    observedTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Sentiment.
 * Use `create(SentimentSchema)` to create a new message.
 */
export declare const SentimentSchema: GenMessage<Sentiment>;
