import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/score_history.proto.
 */
export declare const file_virtuoso_market_v1_score_history: GenFile;
/**
 * One symbol's price and scores at one moment, as they were published then. What was not measured is absent.
 *
 * @generated from message virtuoso.market.v1.ScorePoint
 */
export type ScorePoint = Message<"virtuoso.market.v1.ScorePoint"> & {
    /**
     * The exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp time = 1;
     */
    time?: Timestamp | undefined;
    /**
     * Last traded price in USDT. Above 0; always there.
     *
     * @generated from field: double price = 2;
     */
    price: number;
    /**
     * The confluence score, 0-100. Absent when too few inputs were there.
     *
     * @generated from field: optional double score = 3;
     */
    score?: number | undefined;
    /**
     * How far the score can be relied on, 0-1. Absent without a score.
     *
     * @generated from field: optional double confidence = 4;
     */
    confidence?: number | undefined;
    /**
     * Score of the technical dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double technical = 5;
     */
    technical?: number | undefined;
    /**
     * Score of the volume dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double volume = 6;
     */
    volume?: number | undefined;
    /**
     * Score of the order flow dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double orderflow = 7;
     */
    orderflow?: number | undefined;
    /**
     * Score of the order book dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double orderbook = 8;
     */
    orderbook?: number | undefined;
    /**
     * Score of the price structure dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double price_structure = 9;
     */
    priceStructure?: number | undefined;
    /**
     * Score of the sentiment dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double sentiment = 10;
     */
    sentiment?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.ScorePoint.
 * Use `create(ScorePointSchema)` to create a new message.
 */
export declare const ScorePointSchema: GenMessage<ScorePoint>;
