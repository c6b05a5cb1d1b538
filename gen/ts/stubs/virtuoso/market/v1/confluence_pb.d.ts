import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Outlook } from "./outlook_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/confluence.proto.
 */
export declare const file_virtuoso_market_v1_confluence: GenFile;
/**
 * One symbol in a list: its price, its score and its six dimensions. Every score runs from 0 (bearish) through 50 (neutral)
 * to 100 (bullish). A number that was not measured is absent. It is never replaced by 0 or 50.
 *
 * @generated from message virtuoso.market.v1.ConfluenceRow
 */
export type ConfluenceRow = Message<"virtuoso.market.v1.ConfluenceRow"> & {
    /**
     * The symbol as the venue names it, such as "BTCUSDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The confluence score, 0-100: the mean of the instant score over `averaged_over`. Absent when too few inputs could be
     * measured. Such rows come last.
     *
     * @generated from field: optional double score = 2;
     */
    score?: number | undefined;
    /**
     * How reliable the score is, 0-1: the mean confidence of the dimensions, times their agreement. Absent without a score.
     *
     * @generated from field: optional double confidence = 3;
     */
    confidence?: number | undefined;
    /**
     * The last traded price, USDT. Above 0. Always present.
     *
     * @generated from field: double price = 4;
     */
    price: number;
    /**
     * The change of the price over 24 hours, percent, as the venue gives it. Above -100. Absent for new listings.
     *
     * @generated from field: optional double change_24h_percent = 5;
     */
    change24hPercent?: number | undefined;
    /**
     * The turnover of the last 24 hours, USD (one USDT counts as one USD). At least 0. Absent when the venue's number was
     * unusable.
     *
     * @generated from field: optional double turnover_24h_usd = 6;
     */
    turnover24hUsd?: number | undefined;
    /**
     * The score of the technical dimension (indicators on candles), 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double technical = 7;
     */
    technical?: number | undefined;
    /**
     * The score of the volume dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double volume = 8;
     */
    volume?: number | undefined;
    /**
     * The score of the order flow dimension (trades), 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double orderflow = 9;
     */
    orderflow?: number | undefined;
    /**
     * The score of the order book dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double orderbook = 10;
     */
    orderbook?: number | undefined;
    /**
     * The score of the price structure dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double price_structure = 11;
     */
    priceStructure?: number | undefined;
    /**
     * The score of the sentiment dimension (funding, open interest, accounts), 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double sentiment = 12;
     */
    sentiment?: number | undefined;
    /**
     * The score in words. UNSPECIFIED (the default) without a score.
     *
     * @generated from field: virtuoso.market.v1.Label label = 13;
     */
    label: Label;
    /**
     * The share of the model's weight that could be measured, 0-1. 0 when nothing could be measured.
     *
     * @generated from field: double coverage = 14;
     */
    coverage: number;
    /**
     * The smallest price step of the market, USDT. Prices have its digits. Above 0. Absent when the venue does not state it.
     *
     * @generated from field: optional double tick_size = 15;
     */
    tickSize?: number | undefined;
    /**
     * The score of this moment, 0-100: the mean of the six dimensions in this row. Absent without a score.
     *
     * @generated from field: optional double instant_score = 16;
     */
    instantScore?: number | undefined;
    /**
     * The change of `score` over 15 minutes, points. Absent without a score, and while the score of that time is not known.
     *
     * @generated from field: optional double change_15m = 17;
     */
    change15m?: number | undefined;
    /**
     * The measured time of which `score` is the mean: 20 minutes, and less after a start or a gap. In whole minutes, below a
     * minute in seconds. Absent without a score.
     *
     * @generated from field: google.protobuf.Duration averaged_over = 18;
     */
    averagedOver?: Duration | undefined;
    /**
     * The current funding rate as the venue states it, percent an interval. Above 0 when longs pay. Absent when it is not
     * known.
     *
     * @generated from field: optional double funding_percent = 19;
     */
    fundingPercent?: number | undefined;
    /**
     * The time between two funding payments. Absent when it is not known.
     *
     * @generated from field: google.protobuf.Duration funding_interval = 20;
     */
    fundingInterval?: Duration | undefined;
    /**
     * The change of the open interest over 4 hours, percent of contracts. Absent when it could not be measured.
     *
     * @generated from field: optional double open_interest_change_percent = 21;
     */
    openInterestChangePercent?: number | undefined;
    /**
     * The scores of the last hour, one for each five minutes, newest first. The list ends where a score is not known.
     *
     * @generated from field: repeated double recent_scores = 22;
     */
    recentScores: number[];
    /**
     * True while a signal to buy is active. Default false.
     *
     * @generated from field: bool long_signal = 23;
     */
    longSignal: boolean;
    /**
     * True while a signal to sell is active. Default false.
     *
     * @generated from field: bool short_signal = 24;
     */
    shortSignal: boolean;
    /**
     * The number of opportunities that have not expired. 0 (the default) when there is none.
     *
     * @generated from field: uint32 opportunities = 25;
     */
    opportunities: number;
    /**
     * The odds that the symbol beats the median market in the next 24 hours, or why nothing is said. Only when the request asks
     * for it.
     *
     * @generated from field: virtuoso.market.v1.Outlook outlook = 30;
     */
    outlook?: Outlook | undefined;
};
/**
 * Describes the message virtuoso.market.v1.ConfluenceRow.
 * Use `create(ConfluenceRowSchema)` to create a new message.
 */
export declare const ConfluenceRowSchema: GenMessage<ConfluenceRow>;
/**
 * One of the six dimensions of one symbol.
 *
 * @generated from message virtuoso.market.v1.Dimension
 */
export type Dimension = Message<"virtuoso.market.v1.Dimension"> & {
    /**
     * The dimension.
     *
     * @generated from field: virtuoso.market.v1.DimensionKind kind = 1;
     */
    kind: DimensionKind;
    /**
     * The score of the dimension, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double score = 2;
     */
    score?: number | undefined;
    /**
     * The direction, -1 (bearish) to 1 (bullish): score = 50 + 50 * direction. Absent without a score.
     *
     * @generated from field: optional double direction = 3;
     */
    direction?: number | undefined;
    /**
     * How reliable the direction is, 0-1. 0 when it could not be measured.
     *
     * @generated from field: double confidence = 4;
     */
    confidence: number;
    /**
     * The weight in the total before confidence, 0-1. The six weights add up to 1.
     *
     * @generated from field: double weight = 5;
     */
    weight: number;
    /**
     * The share of the components' weight that could be measured, 0-1.
     *
     * @generated from field: double coverage = 6;
     */
    coverage: number;
    /**
     * The points that the dimension adds to the total score, -50 to 50: score = 50 + the sum of the contributions. It is a mean
     * over the same time as the total score. 0 when the dimension was not measured in that time or the symbol has no score.
     *
     * @generated from field: double contribution = 7;
     */
    contribution: number;
    /**
     * The time of the oldest input of this dimension, on the exchange's clock. Absent when there was no input.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 8;
     */
    observedTime?: Timestamp | undefined;
    /**
     * One plain sentence that says what moves the dimension. Never empty.
     *
     * @generated from field: string sentence = 9;
     */
    sentence: string;
    /**
     * The components, largest |contribution| first. Components that could not be measured come last.
     *
     * @generated from field: repeated virtuoso.market.v1.Component components = 10;
     */
    components: Component[];
    /**
     * The names of the inputs that were missing, such as "order_book". Empty (the default) when none was.
     *
     * @generated from field: repeated string missing_inputs = 11;
     */
    missingInputs: string[];
    /**
     * The inputs that were used, in the order of their names.
     *
     * @generated from field: repeated virtuoso.market.v1.DimensionInput inputs = 12;
     */
    inputs: DimensionInput[];
    /**
     * The points that the dimension adds to the instant total score, -50 to 50: instant_score = 50 + the sum of these.
     * 0 when the dimension could not be measured or the symbol has no score.
     *
     * @generated from field: double instant_contribution = 13;
     */
    instantContribution: number;
};
/**
 * Describes the message virtuoso.market.v1.Dimension.
 * Use `create(DimensionSchema)` to create a new message.
 */
export declare const DimensionSchema: GenMessage<Dimension>;
/**
 * One input of a dimension.
 *
 * @generated from message virtuoso.market.v1.DimensionInput
 */
export type DimensionInput = Message<"virtuoso.market.v1.DimensionInput"> & {
    /**
     * The name, such as "order_book".
     *
     * @generated from field: string name = 1;
     */
    name: string;
    /**
     * How the collector got it.
     *
     * @generated from field: virtuoso.market.v1.Transport transport = 2;
     */
    transport: Transport;
    /**
     * The time of the input, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 3;
     */
    observedTime?: Timestamp | undefined;
    /**
     * Whether a part of the input's window is missing, such as lost trades. The confidence is then lower. Default false.
     *
     * @generated from field: bool incomplete = 4;
     */
    incomplete: boolean;
};
/**
 * Describes the message virtuoso.market.v1.DimensionInput.
 * Use `create(DimensionInputSchema)` to create a new message.
 */
export declare const DimensionInputSchema: GenMessage<DimensionInput>;
/**
 * One measurement within a dimension, or within the gauge of the market's sentiment.
 *
 * @generated from message virtuoso.market.v1.Component
 */
export type Component = Message<"virtuoso.market.v1.Component"> & {
    /**
     * A name that does not change, such as "rsi_5m".
     *
     * @generated from field: string name = 1;
     */
    name: string;
    /**
     * The direction, -1 to 1: bearish to bullish in a dimension, fear to greed in the gauge. Absent when it could not be
     * measured.
     *
     * @generated from field: optional double direction = 2;
     */
    direction?: number | undefined;
    /**
     * How reliable the direction is, 0-1. 0 when it could not be measured.
     *
     * @generated from field: double confidence = 3;
     */
    confidence: number;
    /**
     * The weight before confidence, 0-1. The weights of all components of a dimension add up to 1.
     *
     * @generated from field: double weight = 4;
     */
    weight: number;
    /**
     * The points that the component adds to the score of its dimension, -50 to 50. 0 when it could not be measured or the
     * dimension has no score.
     *
     * @generated from field: double contribution = 5;
     */
    contribution: number;
    /**
     * The measured value in `unit`, such as 71.2 for an RSI. Absent when it could not be measured.
     *
     * @generated from field: optional double reading = 6;
     */
    reading?: number | undefined;
    /**
     * The unit of `reading`, such as "ratio", "percent" or "ATR". Empty (the default) for a plain number.
     *
     * @generated from field: string unit = 7;
     */
    unit: string;
    /**
     * Why the component could not be measured, in words. Empty (the default) when it was measured.
     *
     * @generated from field: string missing = 8;
     */
    missing: string;
};
/**
 * Describes the message virtuoso.market.v1.Component.
 * Use `create(ComponentSchema)` to create a new message.
 */
export declare const ComponentSchema: GenMessage<Component>;
/**
 * How the collector gets market data from a venue.
 *
 * @generated from enum virtuoso.market.v1.Transport
 */
export declare enum Transport {
    /**
     * Never sent.
     *
     * @generated from enum value: TRANSPORT_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The venue sends it when it changes.
     *
     * @generated from enum value: TRANSPORT_STREAM = 1;
     */
    STREAM = 1,
    /**
     * The collector requests it again and again.
     *
     * @generated from enum value: TRANSPORT_POLL = 2;
     */
    POLL = 2
}
/**
 * Describes the enum virtuoso.market.v1.Transport.
 */
export declare const TransportSchema: GenEnum<Transport>;
/**
 * The six dimensions of a score.
 *
 * @generated from enum virtuoso.market.v1.DimensionKind
 */
export declare enum DimensionKind {
    /**
     * Never sent.
     *
     * @generated from enum value: DIMENSION_KIND_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * Indicators on candles.
     *
     * @generated from enum value: DIMENSION_KIND_TECHNICAL = 1;
     */
    TECHNICAL = 1,
    /**
     * The volume, and the prices at which it traded.
     *
     * @generated from enum value: DIMENSION_KIND_VOLUME = 2;
     */
    VOLUME = 2,
    /**
     * Trades: whether the takers buy or sell.
     *
     * @generated from enum value: DIMENSION_KIND_ORDERFLOW = 3;
     */
    ORDERFLOW = 3,
    /**
     * The order book: the waiting orders to buy and to sell.
     *
     * @generated from enum value: DIMENSION_KIND_ORDERBOOK = 4;
     */
    ORDERBOOK = 4,
    /**
     * Swings, levels and gaps of the price.
     *
     * @generated from enum value: DIMENSION_KIND_PRICE_STRUCTURE = 5;
     */
    PRICE_STRUCTURE = 5,
    /**
     * Funding, open interest and accounts.
     *
     * @generated from enum value: DIMENSION_KIND_SENTIMENT = 6;
     */
    SENTIMENT = 6
}
/**
 * Describes the enum virtuoso.market.v1.DimensionKind.
 */
export declare const DimensionKindSchema: GenEnum<DimensionKind>;
/**
 * A score in words. A label begins at the numbers below. It continues until the score has returned by 2 points: BULLISH begins
 * at 60 and continues above 58.
 *
 * @generated from enum virtuoso.market.v1.Label
 */
export declare enum Label {
    /**
     * There is no score.
     *
     * @generated from enum value: LABEL_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * 30 or less.
     *
     * @generated from enum value: LABEL_STRONG_BEARISH = 1;
     */
    STRONG_BEARISH = 1,
    /**
     * Above 30, 40 or less.
     *
     * @generated from enum value: LABEL_BEARISH = 2;
     */
    BEARISH = 2,
    /**
     * Above 40, below 60.
     *
     * @generated from enum value: LABEL_NEUTRAL = 3;
     */
    NEUTRAL = 3,
    /**
     * 60 or more, below 70.
     *
     * @generated from enum value: LABEL_BULLISH = 4;
     */
    BULLISH = 4,
    /**
     * 70 or more.
     *
     * @generated from enum value: LABEL_STRONG_BULLISH = 5;
     */
    STRONG_BULLISH = 5
}
/**
 * Describes the enum virtuoso.market.v1.Label.
 */
export declare const LabelSchema: GenEnum<Label>;
