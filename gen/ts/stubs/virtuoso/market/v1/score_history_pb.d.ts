import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/score_history.proto.
 */
export declare const file_virtuoso_market_v1_score_history: GenFile;
/**
 * The price and the scores of one symbol at one moment, as they were published at that time. A number that was not measured
 * is absent.
 *
 * @generated from message virtuoso.market.v1.ScorePoint
 */
export type ScorePoint = Message<"virtuoso.market.v1.ScorePoint"> & {
    /**
     * The time of the prices, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 1;
     */
    observedTime?: Timestamp | undefined;
    /**
     * The last traded price, USDT. Above 0. Always present.
     *
     * @generated from field: double price = 2;
     */
    price: number;
    /**
     * The confluence score as it was shown, a mean over time, 0-100. Absent when too few inputs could be measured.
     *
     * @generated from field: optional double score = 3;
     */
    score?: number | undefined;
    /**
     * How reliable the score is, 0-1. Absent without a score.
     *
     * @generated from field: optional double confidence = 4;
     */
    confidence?: number | undefined;
    /**
     * The score of the technical dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double technical = 5;
     */
    technical?: number | undefined;
    /**
     * The score of the volume dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double volume = 6;
     */
    volume?: number | undefined;
    /**
     * The score of the order flow dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double orderflow = 7;
     */
    orderflow?: number | undefined;
    /**
     * The score of the order book dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double orderbook = 8;
     */
    orderbook?: number | undefined;
    /**
     * The score of the price structure dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double price_structure = 9;
     */
    priceStructure?: number | undefined;
    /**
     * The score of the sentiment dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double sentiment = 10;
     */
    sentiment?: number | undefined;
    /**
     * The score of that moment, 0-100. Absent without a score, and in points that an earlier release stored.
     *
     * @generated from field: optional double instant_score = 11;
     */
    instantScore?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.ScorePoint.
 * Use `create(ScorePointSchema)` to create a new message.
 */
export declare const ScorePointSchema: GenMessage<ScorePoint>;
