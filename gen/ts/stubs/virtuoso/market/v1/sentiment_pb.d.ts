import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Component } from "./confluence_pb.js";
import type { Liquidations } from "./liquidation_pb.js";
import type { Breadth } from "./overview_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/sentiment.proto.
 */
export declare const file_virtuoso_market_v1_sentiment: GenFile;
/**
 * The sentiment of the whole market: how its participants are positioned and what they pay for it. It describes the market.
 * It is not a prediction. A number that was not measured is absent.
 *
 * @generated from message virtuoso.market.v1.Sentiment
 */
export type Sentiment = Message<"virtuoso.market.v1.Sentiment"> & {
    /**
     * 0 (fear) through 50 (neutral) to 100 (greed): 50 plus the contributions of the parts. Absent when less than 40 % of the
     * weight could be measured.
     *
     * @generated from field: optional double gauge = 1;
     */
    gauge?: number | undefined;
    /**
     * How reliable the gauge is, 0-1. Absent without a gauge.
     *
     * @generated from field: optional double confidence = 2;
     */
    confidence?: number | undefined;
    /**
     * The share of the gauge's weight that could be measured, 0-1.
     *
     * @generated from field: double coverage = 3;
     */
    coverage: number;
    /**
     * The parts of the gauge, largest |contribution| first. Parts that could not be measured come last. Directions run from -1
     * (fear) to 1 (greed). The contributions add up to gauge - 50. They are 0 without a gauge.
     *
     * @generated from field: repeated virtuoso.market.v1.Component parts = 4;
     */
    parts: Component[];
    /**
     * How many symbols of the whole venue rose, fell or did not move. Absent when the venue gave no 24-hour moves.
     *
     * @generated from field: virtuoso.market.v1.Breadth breadth = 5;
     */
    breadth?: Breadth | undefined;
    /**
     * The mean funding rate of the whole venue, weighted by turnover, percent in 8 hours. Rates of other intervals are
     * converted. Absent when no rate with its interval is known.
     *
     * @generated from field: optional double funding_mean_percent = 6;
     */
    fundingMeanPercent?: number | undefined;
    /**
     * The median funding rate of the whole venue, percent in 8 hours. Rates of other intervals are converted. Absent when no
     * rate with its interval is known.
     *
     * @generated from field: optional double funding_median_percent = 7;
     */
    fundingMedianPercent?: number | undefined;
    /**
     * The open interest of all markets of the venue that publish it, USD. Above 0. Absent when no market publishes it.
     *
     * @generated from field: optional double open_interest_usd = 8;
     */
    openInterestUsd?: number | undefined;
    /**
     * The change of open interest of the tracked symbols over 4 hours, both at current prices, percent. Absent without 4 hours
     * of history for at least five symbols.
     *
     * @generated from field: optional double open_interest_change_percent = 9;
     */
    openInterestChangePercent?: number | undefined;
    /**
     * The median of long accounts divided by short accounts, over the tracked symbols. Above 0. Absent when no ratio is known.
     *
     * @generated from field: optional double long_short_median = 10;
     */
    longShortMedian?: number | undefined;
    /**
     * The share of accounts that are long, over the tracked symbols, weighted by turnover, percent, 0-100. Absent when no
     * ratio is known.
     *
     * @generated from field: optional double long_accounts_percent = 11;
     */
    longAccountsPercent?: number | undefined;
    /**
     * The median premium of the mark price over the index price of the whole venue, basis points. Absent when none is known.
     *
     * @generated from field: optional double premium_median_bp = 12;
     */
    premiumMedianBp?: number | undefined;
    /**
     * One plain sentence that says what moves the gauge. Never empty.
     *
     * @generated from field: string sentence = 13;
     */
    sentence: string;
    /**
     * The time of the oldest input of the gauge, on the exchange's clock. Absent when it is not known.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 14;
     */
    observedTime?: Timestamp | undefined;
    /**
     * The mean funding rate of the whole venue, weighted by turnover, percent a day. Absent when no rate with its interval is
     * known.
     *
     * @generated from field: optional double funding_mean_day_percent = 15;
     */
    fundingMeanDayPercent?: number | undefined;
    /**
     * The median funding rate of the whole venue, percent a day. Absent when no rate with its interval is known.
     *
     * @generated from field: optional double funding_median_day_percent = 16;
     */
    fundingMedianDayPercent?: number | undefined;
    /**
     * The liquidations of all tracked symbols. Absent when the venue does not stream them.
     *
     * @generated from field: virtuoso.market.v1.Liquidations liquidations = 17;
     */
    liquidations?: Liquidations | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Sentiment.
 * Use `create(SentimentSchema)` to create a new message.
 */
export declare const SentimentSchema: GenMessage<Sentiment>;
