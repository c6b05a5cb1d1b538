import type { GenFile, GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { BadRequest, ErrorInfo, RetryInfo } from "../../../google/rpc/error_details_pb.js";
import type { Alert, AlertKind, AlertLevel } from "./alert_pb.js";
import type { Beta, RollingBeta } from "./beta_pb.js";
import type { BookDepth } from "./book_depth_pb.js";
import type { Candle, Timeframe } from "./candle_pb.js";
import type { ConfluenceRow, Dimension, DimensionKind, Label } from "./confluence_pb.js";
import type { Liquidations } from "./liquidation_pb.js";
import type { VenueMarket } from "./market_pb.js";
import type { MarketSeries, SeriesKind } from "./market_series_pb.js";
import type { Mover } from "./mover_pb.js";
import type { Opportunity, OpportunityKind } from "./opportunity_pb.js";
import type { Outlook, OutlookRecord } from "./outlook_pb.js";
import type { Overview } from "./overview_pb.js";
import type { Provenance } from "./provenance_pb.js";
import type { ScorePoint } from "./score_history_pb.js";
import type { Sentiment } from "./sentiment_pb.js";
import type { Side, Signal, SignalRecord } from "./signal_pb.js";
import type { Symbol } from "./symbol_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/market_service.proto.
 */
export declare const file_virtuoso_market_v1_market_service: GenFile;
/**
 * Request of GetDashboard.
 *
 * @generated from message virtuoso.market.v1.GetDashboardRequest
 */
export type GetDashboardRequest = Message<"virtuoso.market.v1.GetDashboardRequest"> & {};
/**
 * Describes the message virtuoso.market.v1.GetDashboardRequest.
 * Use `create(GetDashboardRequestSchema)` to create a new message.
 */
export declare const GetDashboardRequestSchema: GenMessage<GetDashboardRequest>;
/**
 * Reply of GetDashboard. Prices and scores are exact. Other numbers may differ from those of other replies in digits that a
 * screen does not show: percentages after two decimals, fractions as whole percentages, amounts in USD after four digits, and
 * the scores of dimensions by less than 0.0001.
 *
 * @generated from message virtuoso.market.v1.GetDashboardResponse
 */
export type GetDashboardResponse = Message<"virtuoso.market.v1.GetDashboardResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The whole market.
     *
     * @generated from field: virtuoso.market.v1.Overview overview = 2;
     */
    overview?: Overview | undefined;
    /**
     * Every tracked symbol with a price, highest score first. Symbols without a score come last.
     *
     * @generated from field: repeated virtuoso.market.v1.ConfluenceRow rows = 3;
     */
    rows: ConfluenceRow[];
    /**
     * The five largest gainers of the whole venue. Empty when nothing rose.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover gainers = 4;
     */
    gainers: Mover[];
    /**
     * The five largest losers of the whole venue. Empty when nothing fell.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover losers = 5;
     */
    losers: Mover[];
};
/**
 * Describes the message virtuoso.market.v1.GetDashboardResponse.
 * Use `create(GetDashboardResponseSchema)` to create a new message.
 */
export declare const GetDashboardResponseSchema: GenMessage<GetDashboardResponse>;
/**
 * Request of GetOverview.
 *
 * @generated from message virtuoso.market.v1.GetOverviewRequest
 */
export type GetOverviewRequest = Message<"virtuoso.market.v1.GetOverviewRequest"> & {};
/**
 * Describes the message virtuoso.market.v1.GetOverviewRequest.
 * Use `create(GetOverviewRequestSchema)` to create a new message.
 */
export declare const GetOverviewRequestSchema: GenMessage<GetOverviewRequest>;
/**
 * Reply of GetOverview.
 *
 * @generated from message virtuoso.market.v1.GetOverviewResponse
 */
export type GetOverviewResponse = Message<"virtuoso.market.v1.GetOverviewResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The whole market.
     *
     * @generated from field: virtuoso.market.v1.Overview overview = 2;
     */
    overview?: Overview | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetOverviewResponse.
 * Use `create(GetOverviewResponseSchema)` to create a new message.
 */
export declare const GetOverviewResponseSchema: GenMessage<GetOverviewResponse>;
/**
 * Request of ListConfluenceScores.
 *
 * @generated from message virtuoso.market.v1.ListConfluenceScoresRequest
 */
export type ListConfluenceScoresRequest = Message<"virtuoso.market.v1.ListConfluenceScoresRequest"> & {
    /**
     * Only rows with at least this score, 0-100. Absent (the default): all rows, with and without a score.
     *
     * @generated from field: optional double min_score = 1;
     */
    minScore?: number | undefined;
    /**
     * Only these symbols, at most 500. Empty (the default): all. Symbols that are not tracked are left out of the reply.
     *
     * @generated from field: repeated string symbols = 2;
     */
    symbols: string[];
    /**
     * A field, then " asc" or " desc": symbol, score, confidence, price, change_24h_percent, turnover_24h_usd, technical,
     * volume, orderflow, orderbook, price_structure, sentiment. Without a direction: " asc". Rows without the number come last
     * in both directions. Equal rows are ordered by symbol. Empty (the default): "score desc".
     *
     * @generated from field: string order_by = 3;
     */
    orderBy: string;
    /**
     * Rows per page. Default 50, at most 500.
     *
     * @generated from field: int32 page_size = 4;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 5;
     */
    pageToken: string;
    /**
     * True: rows have their outlook. The default is false.
     *
     * @generated from field: bool with_outlook = 6;
     */
    withOutlook: boolean;
};
/**
 * Describes the message virtuoso.market.v1.ListConfluenceScoresRequest.
 * Use `create(ListConfluenceScoresRequestSchema)` to create a new message.
 */
export declare const ListConfluenceScoresRequestSchema: GenMessage<ListConfluenceScoresRequest>;
/**
 * Reply of ListConfluenceScores.
 *
 * @generated from message virtuoso.market.v1.ListConfluenceScoresResponse
 */
export type ListConfluenceScoresResponse = Message<"virtuoso.market.v1.ListConfluenceScoresResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The rows of this page.
     *
     * @generated from field: repeated virtuoso.market.v1.ConfluenceRow rows = 2;
     */
    rows: ConfluenceRow[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
    /**
     * The number of rows on all pages together.
     *
     * @generated from field: uint32 total_size = 4;
     */
    totalSize: number;
};
/**
 * Describes the message virtuoso.market.v1.ListConfluenceScoresResponse.
 * Use `create(ListConfluenceScoresResponseSchema)` to create a new message.
 */
export declare const ListConfluenceScoresResponseSchema: GenMessage<ListConfluenceScoresResponse>;
/**
 * Request of GetOutlook.
 *
 * @generated from message virtuoso.market.v1.GetOutlookRequest
 */
export type GetOutlookRequest = Message<"virtuoso.market.v1.GetOutlookRequest"> & {
    /**
     * The symbol, such as "BTCUSDT". Another venue's name for the same asset and multiplier is also accepted.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
};
/**
 * Describes the message virtuoso.market.v1.GetOutlookRequest.
 * Use `create(GetOutlookRequestSchema)` to create a new message.
 */
export declare const GetOutlookRequestSchema: GenMessage<GetOutlookRequest>;
/**
 * Reply of GetOutlook.
 *
 * @generated from message virtuoso.market.v1.GetOutlookResponse
 */
export type GetOutlookResponse = Message<"virtuoso.market.v1.GetOutlookResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The outlook of the symbol, or why nothing is said. Always present.
     *
     * @generated from field: virtuoso.market.v1.Outlook outlook = 2;
     */
    outlook?: Outlook | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetOutlookResponse.
 * Use `create(GetOutlookResponseSchema)` to create a new message.
 */
export declare const GetOutlookResponseSchema: GenMessage<GetOutlookResponse>;
/**
 * Request of ListOutlooks.
 *
 * @generated from message virtuoso.market.v1.ListOutlooksRequest
 */
export type ListOutlooksRequest = Message<"virtuoso.market.v1.ListOutlooksRequest"> & {
    /**
     * Only these symbols, at most 500. Empty (the default): all.
     *
     * @generated from field: repeated string symbols = 1;
     */
    symbols: string[];
    /**
     * Outlooks per page. Default 50, at most 500.
     *
     * @generated from field: int32 page_size = 2;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 3;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListOutlooksRequest.
 * Use `create(ListOutlooksRequestSchema)` to create a new message.
 */
export declare const ListOutlooksRequestSchema: GenMessage<ListOutlooksRequest>;
/**
 * Reply of ListOutlooks.
 *
 * @generated from message virtuoso.market.v1.ListOutlooksResponse
 */
export type ListOutlooksResponse = Message<"virtuoso.market.v1.ListOutlooksResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The outlooks of this page.
     *
     * @generated from field: repeated virtuoso.market.v1.Outlook outlooks = 2;
     */
    outlooks: Outlook[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListOutlooksResponse.
 * Use `create(ListOutlooksResponseSchema)` to create a new message.
 */
export declare const ListOutlooksResponseSchema: GenMessage<ListOutlooksResponse>;
/**
 * Request of GetOutlookRecord.
 *
 * @generated from message virtuoso.market.v1.GetOutlookRecordRequest
 */
export type GetOutlookRecordRequest = Message<"virtuoso.market.v1.GetOutlookRecordRequest"> & {};
/**
 * Describes the message virtuoso.market.v1.GetOutlookRecordRequest.
 * Use `create(GetOutlookRecordRequestSchema)` to create a new message.
 */
export declare const GetOutlookRecordRequestSchema: GenMessage<GetOutlookRecordRequest>;
/**
 * Reply of GetOutlookRecord.
 *
 * @generated from message virtuoso.market.v1.GetOutlookRecordResponse
 */
export type GetOutlookRecordResponse = Message<"virtuoso.market.v1.GetOutlookRecordResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The record.
     *
     * @generated from field: virtuoso.market.v1.OutlookRecord record = 2;
     */
    record?: OutlookRecord | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetOutlookRecordResponse.
 * Use `create(GetOutlookRecordResponseSchema)` to create a new message.
 */
export declare const GetOutlookRecordResponseSchema: GenMessage<GetOutlookRecordResponse>;
/**
 * Request of GetConfluence.
 *
 * @generated from message virtuoso.market.v1.GetConfluenceRequest
 */
export type GetConfluenceRequest = Message<"virtuoso.market.v1.GetConfluenceRequest"> & {
    /**
     * The symbol, such as "BTCUSDT". Another venue's name for the same asset and multiplier is also accepted: SHIB1000USDT for
     * 1000SHIBUSDT.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
};
/**
 * Describes the message virtuoso.market.v1.GetConfluenceRequest.
 * Use `create(GetConfluenceRequestSchema)` to create a new message.
 */
export declare const GetConfluenceRequestSchema: GenMessage<GetConfluenceRequest>;
/**
 * Reply of GetConfluence. Its numbers are those of the symbol's ConfluenceRow in the same snapshot. The scores of the six
 * dimensions are in `dimensions`.
 *
 * @generated from message virtuoso.market.v1.GetConfluenceResponse
 */
export type GetConfluenceResponse = Message<"virtuoso.market.v1.GetConfluenceResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 2;
     */
    symbol: string;
    /**
     * The confluence score, 0-100: the mean of the instant score over `averaged_over`. It is 50 plus the contributions of the
     * dimensions, which are means over the same time. Absent when too few inputs could be measured.
     *
     * @generated from field: optional double score = 3;
     */
    score?: number | undefined;
    /**
     * How reliable the score is, 0-1: the sum of weight times confidence of the dimensions, times `agreement`. Absent without a
     * score.
     *
     * @generated from field: optional double confidence = 4;
     */
    confidence?: number | undefined;
    /**
     * How far the dimensions agree, 0-1: 1 minus the weighted standard deviation of their directions. Absent without a score.
     *
     * @generated from field: optional double agreement = 5;
     */
    agreement?: number | undefined;
    /**
     * The share of the model's weight that could be measured, 0-1. 0 when nothing could be measured.
     *
     * @generated from field: double coverage = 6;
     */
    coverage: number;
    /**
     * The score in words. UNSPECIFIED (the default) without a score.
     *
     * @generated from field: virtuoso.market.v1.Label label = 7;
     */
    label: Label;
    /**
     * The last traded price, USDT. Above 0. Always present.
     *
     * @generated from field: double price = 8;
     */
    price: number;
    /**
     * The time of the price, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp price_time = 9;
     */
    priceTime?: Timestamp | undefined;
    /**
     * The change of the price over 24 hours, percent, as the venue gives it. Above -100. Absent for new listings.
     *
     * @generated from field: optional double change_24h_percent = 10;
     */
    change24hPercent?: number | undefined;
    /**
     * The turnover of the last 24 hours, USD (one USDT counts as one USD). At least 0. Absent when the venue's number was
     * unusable.
     *
     * @generated from field: optional double turnover_24h_usd = 11;
     */
    turnover24hUsd?: number | undefined;
    /**
     * The six dimensions, each once, in the order of their kinds. All of their numbers but `contribution` are of this moment.
     *
     * @generated from field: repeated virtuoso.market.v1.Dimension dimensions = 12;
     */
    dimensions: Dimension[];
    /**
     * The kinds of the dimensions by |contribution|, largest first, whether bearish or bullish. Empty without a score.
     *
     * @generated from field: repeated virtuoso.market.v1.DimensionKind drivers = 13;
     */
    drivers: DimensionKind[];
    /**
     * The names of the inputs that were missing. Empty (the default) when none was.
     *
     * @generated from field: repeated string missing_inputs = 14;
     */
    missingInputs: string[];
    /**
     * The smallest price step of the market, USDT. Prices have its digits. Above 0. Absent when the venue does not state it.
     *
     * @generated from field: optional double tick_size = 15;
     */
    tickSize?: number | undefined;
    /**
     * The current funding rate as the venue states it, percent an interval. Above 0 when longs pay. Absent when it is not
     * known.
     *
     * @generated from field: optional double funding_percent = 16;
     */
    fundingPercent?: number | undefined;
    /**
     * The time between two funding payments. Absent when it is not known.
     *
     * @generated from field: google.protobuf.Duration funding_interval = 17;
     */
    fundingInterval?: Duration | undefined;
    /**
     * The current funding rate, percent a day. Rates of different intervals can be compared by it. Absent without a rate or an
     * interval.
     *
     * @generated from field: optional double funding_day_percent = 18;
     */
    fundingDayPercent?: number | undefined;
    /**
     * The liquidations of this market. Absent when the venue does not stream them.
     *
     * @generated from field: virtuoso.market.v1.Liquidations liquidations = 19;
     */
    liquidations?: Liquidations | undefined;
    /**
     * The score of this moment, 0-100: 50 plus the instant contributions of the dimensions. Absent without a score.
     *
     * @generated from field: optional double instant_score = 20;
     */
    instantScore?: number | undefined;
    /**
     * The change of `score` over 15 minutes, points. Absent without a score, and while the score of that time is not known.
     *
     * @generated from field: optional double change_15m = 21;
     */
    change15m?: number | undefined;
    /**
     * The measured time of which `score` is the mean: 20 minutes, and less after a start or a gap. In whole minutes, below a
     * minute in seconds. Absent without a score.
     *
     * @generated from field: google.protobuf.Duration averaged_over = 22;
     */
    averagedOver?: Duration | undefined;
    /**
     * The change of the open interest over 4 hours, percent of contracts. Absent when it could not be measured.
     *
     * @generated from field: optional double open_interest_change_percent = 23;
     */
    openInterestChangePercent?: number | undefined;
    /**
     * The scores of the last hour, one for each five minutes, newest first. The list ends where a score is not known.
     *
     * @generated from field: repeated double recent_scores = 24;
     */
    recentScores: number[];
    /**
     * When the next funding is paid, on the exchange's clock. Absent when the venue does not state it.
     *
     * @generated from field: google.protobuf.Timestamp next_funding_time = 25;
     */
    nextFundingTime?: Timestamp | undefined;
    /**
     * The depth of the order book. Absent when no recent order book is known that agrees with the prices of the symbol.
     *
     * @generated from field: virtuoso.market.v1.BookDepth book_depth = 26;
     */
    bookDepth?: BookDepth | undefined;
    /**
     * The odds that the symbol beats the median market in the next 24 hours, or why nothing is said. It is not in the score.
     *
     * @generated from field: virtuoso.market.v1.Outlook outlook = 30;
     */
    outlook?: Outlook | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetConfluenceResponse.
 * Use `create(GetConfluenceResponseSchema)` to create a new message.
 */
export declare const GetConfluenceResponseSchema: GenMessage<GetConfluenceResponse>;
/**
 * Request of ListMovers.
 *
 * @generated from message virtuoso.market.v1.ListMoversRequest
 */
export type ListMoversRequest = Message<"virtuoso.market.v1.ListMoversRequest"> & {
    /**
     * Gainers per page, and losers per page. Default 10, at most 100.
     *
     * @generated from field: int32 page_size = 1;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 2;
     */
    pageToken: string;
    /**
     * Only symbols with at least this turnover over 24 hours, USD. Absent (the default): the floor of the service, 500,000. A
     * smaller number is refused, because the service has no movers below its floor.
     *
     * @generated from field: optional double min_turnover_usd = 3;
     */
    minTurnoverUsd?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.ListMoversRequest.
 * Use `create(ListMoversRequestSchema)` to create a new message.
 */
export declare const ListMoversRequestSchema: GenMessage<ListMoversRequest>;
/**
 * Reply of ListMovers.
 *
 * @generated from message virtuoso.market.v1.ListMoversResponse
 */
export type ListMoversResponse = Message<"virtuoso.market.v1.ListMoversResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * Gainers, largest move first. Empty when nothing rose.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover gainers = 2;
     */
    gainers: Mover[];
    /**
     * Losers, largest move first. Empty when nothing fell.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover losers = 3;
     */
    losers: Mover[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 4;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListMoversResponse.
 * Use `create(ListMoversResponseSchema)` to create a new message.
 */
export declare const ListMoversResponseSchema: GenMessage<ListMoversResponse>;
/**
 * Request of ListSymbols.
 *
 * @generated from message virtuoso.market.v1.ListSymbolsRequest
 */
export type ListSymbolsRequest = Message<"virtuoso.market.v1.ListSymbolsRequest"> & {
    /**
     * Symbols per page. Default 100, at most 1000.
     *
     * @generated from field: int32 page_size = 1;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 2;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListSymbolsRequest.
 * Use `create(ListSymbolsRequestSchema)` to create a new message.
 */
export declare const ListSymbolsRequestSchema: GenMessage<ListSymbolsRequest>;
/**
 * Reply of ListSymbols.
 *
 * @generated from message virtuoso.market.v1.ListSymbolsResponse
 */
export type ListSymbolsResponse = Message<"virtuoso.market.v1.ListSymbolsResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The symbols of this page, by rank.
     *
     * @generated from field: repeated virtuoso.market.v1.Symbol symbols = 2;
     */
    symbols: Symbol[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListSymbolsResponse.
 * Use `create(ListSymbolsResponseSchema)` to create a new message.
 */
export declare const ListSymbolsResponseSchema: GenMessage<ListSymbolsResponse>;
/**
 * Request of ListMarkets.
 *
 * @generated from message virtuoso.market.v1.ListMarketsRequest
 */
export type ListMarketsRequest = Message<"virtuoso.market.v1.ListMarketsRequest"> & {
    /**
     * Only markets whose symbol contains this text, in any case. Empty (the default): all.
     *
     * @generated from field: string query = 1;
     */
    query: string;
    /**
     * A field, then " asc" or " desc": symbol, price, change_24h_percent, turnover_24h_usd, funding_percent,
     * open_interest_usd. Without a direction: " asc". Markets without the number come last in both directions. Equal markets
     * are ordered by symbol. Empty (the default): "turnover_24h_usd desc".
     *
     * @generated from field: string order_by = 2;
     */
    orderBy: string;
    /**
     * Markets per page. Default 100, at most 1000.
     *
     * @generated from field: int32 page_size = 3;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 4;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListMarketsRequest.
 * Use `create(ListMarketsRequestSchema)` to create a new message.
 */
export declare const ListMarketsRequestSchema: GenMessage<ListMarketsRequest>;
/**
 * Reply of ListMarkets.
 *
 * @generated from message virtuoso.market.v1.ListMarketsResponse
 */
export type ListMarketsResponse = Message<"virtuoso.market.v1.ListMarketsResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The markets of this page.
     *
     * @generated from field: repeated virtuoso.market.v1.VenueMarket markets = 2;
     */
    markets: VenueMarket[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
    /**
     * The number of markets on all pages together.
     *
     * @generated from field: uint32 total_size = 4;
     */
    totalSize: number;
};
/**
 * Describes the message virtuoso.market.v1.ListMarketsResponse.
 * Use `create(ListMarketsResponseSchema)` to create a new message.
 */
export declare const ListMarketsResponseSchema: GenMessage<ListMarketsResponse>;
/**
 * Request of ListCandles.
 *
 * @generated from message virtuoso.market.v1.ListCandlesRequest
 */
export type ListCandlesRequest = Message<"virtuoso.market.v1.ListCandlesRequest"> & {
    /**
     * The symbol, such as "BTCUSDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The length of a bar. UNSPECIFIED (the default): five minutes.
     *
     * @generated from field: virtuoso.market.v1.Timeframe timeframe = 2;
     */
    timeframe: Timeframe;
    /**
     * Bars per page. Default 300, at most 1000.
     *
     * @generated from field: int32 page_size = 3;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. It leads to older bars. Empty (the default): the newest bars.
     *
     * @generated from field: string page_token = 4;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListCandlesRequest.
 * Use `create(ListCandlesRequestSchema)` to create a new message.
 */
export declare const ListCandlesRequestSchema: GenMessage<ListCandlesRequest>;
/**
 * Reply of ListCandles.
 *
 * @generated from message virtuoso.market.v1.ListCandlesResponse
 */
export type ListCandlesResponse = Message<"virtuoso.market.v1.ListCandlesResponse"> & {
    /**
     * Where the reply comes from and how old it is. `observed_time` and `received_time` are those of the bars.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 2;
     */
    symbol: string;
    /**
     * The length of a bar.
     *
     * @generated from field: virtuoso.market.v1.Timeframe timeframe = 3;
     */
    timeframe: Timeframe;
    /**
     * Closed bars, oldest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Candle candles = 4;
     */
    candles: Candle[];
    /**
     * The token of the page with older bars. Empty on the last page.
     *
     * @generated from field: string next_page_token = 5;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListCandlesResponse.
 * Use `create(ListCandlesResponseSchema)` to create a new message.
 */
export declare const ListCandlesResponseSchema: GenMessage<ListCandlesResponse>;
/**
 * Request of GetMarketSeries.
 *
 * @generated from message virtuoso.market.v1.GetMarketSeriesRequest
 */
export type GetMarketSeriesRequest = Message<"virtuoso.market.v1.GetMarketSeriesRequest"> & {
    /**
     * The symbol, such as "BTCUSDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * Only these kinds. Empty (the default): all.
     *
     * @generated from field: repeated virtuoso.market.v1.SeriesKind kinds = 2;
     */
    kinds: SeriesKind[];
};
/**
 * Describes the message virtuoso.market.v1.GetMarketSeriesRequest.
 * Use `create(GetMarketSeriesRequestSchema)` to create a new message.
 */
export declare const GetMarketSeriesRequestSchema: GenMessage<GetMarketSeriesRequest>;
/**
 * Reply of GetMarketSeries.
 *
 * @generated from message virtuoso.market.v1.GetMarketSeriesResponse
 */
export type GetMarketSeriesResponse = Message<"virtuoso.market.v1.GetMarketSeriesResponse"> & {
    /**
     * Where the reply comes from and how old it is. `observed_time` and `received_time` are those of the series. Each series
     * also has the time of its own newest reading.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 2;
     */
    symbol: string;
    /**
     * One series of each wanted kind, by kind. A series that is not known says why.
     *
     * @generated from field: repeated virtuoso.market.v1.MarketSeries series = 3;
     */
    series: MarketSeries[];
};
/**
 * Describes the message virtuoso.market.v1.GetMarketSeriesResponse.
 * Use `create(GetMarketSeriesResponseSchema)` to create a new message.
 */
export declare const GetMarketSeriesResponseSchema: GenMessage<GetMarketSeriesResponse>;
/**
 * Request of GetSentiment.
 *
 * @generated from message virtuoso.market.v1.GetSentimentRequest
 */
export type GetSentimentRequest = Message<"virtuoso.market.v1.GetSentimentRequest"> & {};
/**
 * Describes the message virtuoso.market.v1.GetSentimentRequest.
 * Use `create(GetSentimentRequestSchema)` to create a new message.
 */
export declare const GetSentimentRequestSchema: GenMessage<GetSentimentRequest>;
/**
 * Reply of GetSentiment.
 *
 * @generated from message virtuoso.market.v1.GetSentimentResponse
 */
export type GetSentimentResponse = Message<"virtuoso.market.v1.GetSentimentResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The sentiment of the whole market.
     *
     * @generated from field: virtuoso.market.v1.Sentiment sentiment = 2;
     */
    sentiment?: Sentiment | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetSentimentResponse.
 * Use `create(GetSentimentResponseSchema)` to create a new message.
 */
export declare const GetSentimentResponseSchema: GenMessage<GetSentimentResponse>;
/**
 * Request of ListBetas.
 *
 * @generated from message virtuoso.market.v1.ListBetasRequest
 */
export type ListBetasRequest = Message<"virtuoso.market.v1.ListBetasRequest"> & {
    /**
     * Only these symbols, at most 500. Empty (the default): all. Symbols that are not tracked are left out of the reply.
     *
     * @generated from field: repeated string symbols = 1;
     */
    symbols: string[];
    /**
     * Symbols per page. Default 50, at most 500.
     *
     * @generated from field: int32 page_size = 2;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 3;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListBetasRequest.
 * Use `create(ListBetasRequestSchema)` to create a new message.
 */
export declare const ListBetasRequestSchema: GenMessage<ListBetasRequest>;
/**
 * Reply of ListBetas.
 *
 * @generated from message virtuoso.market.v1.ListBetasResponse
 */
export type ListBetasResponse = Message<"virtuoso.market.v1.ListBetasResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The betas of this page, by the rank of their symbols. Symbols without enough returns are left out.
     *
     * @generated from field: repeated virtuoso.market.v1.Beta betas = 2;
     */
    betas: Beta[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListBetasResponse.
 * Use `create(ListBetasResponseSchema)` to create a new message.
 */
export declare const ListBetasResponseSchema: GenMessage<ListBetasResponse>;
/**
 * Request of GetBeta.
 *
 * @generated from message virtuoso.market.v1.GetBetaRequest
 */
export type GetBetaRequest = Message<"virtuoso.market.v1.GetBetaRequest"> & {
    /**
     * The symbol, such as "ETHUSDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
};
/**
 * Describes the message virtuoso.market.v1.GetBetaRequest.
 * Use `create(GetBetaRequestSchema)` to create a new message.
 */
export declare const GetBetaRequestSchema: GenMessage<GetBetaRequest>;
/**
 * Reply of GetBeta.
 *
 * @generated from message virtuoso.market.v1.GetBetaResponse
 */
export type GetBetaResponse = Message<"virtuoso.market.v1.GetBetaResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The regressions of the symbol. It has no windows while the symbol has too few returns.
     *
     * @generated from field: virtuoso.market.v1.Beta beta = 2;
     */
    beta?: Beta | undefined;
    /**
     * Beta over time, shortest span first. Empty while the symbol has too few returns.
     *
     * @generated from field: repeated virtuoso.market.v1.RollingBeta rolling = 3;
     */
    rolling: RollingBeta[];
};
/**
 * Describes the message virtuoso.market.v1.GetBetaResponse.
 * Use `create(GetBetaResponseSchema)` to create a new message.
 */
export declare const GetBetaResponseSchema: GenMessage<GetBetaResponse>;
/**
 * Request of ListSignals.
 *
 * @generated from message virtuoso.market.v1.ListSignalsRequest
 */
export type ListSignalsRequest = Message<"virtuoso.market.v1.ListSignalsRequest"> & {
    /**
     * Only these symbols, at most 500. Empty (the default): all.
     *
     * @generated from field: repeated string symbols = 1;
     */
    symbols: string[];
    /**
     * Only this side. UNSPECIFIED (the default): both sides.
     *
     * @generated from field: virtuoso.market.v1.Side side = 2;
     */
    side: Side;
    /**
     * Only active signals (true) or only closed ones (false). Absent (the default): both.
     *
     * @generated from field: optional bool active = 3;
     */
    active?: boolean | undefined;
    /**
     * Signals per page. Default 50, at most 500 if `active` is true, else at most 35.
     *
     * @generated from field: int32 page_size = 4;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 5;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListSignalsRequest.
 * Use `create(ListSignalsRequestSchema)` to create a new message.
 */
export declare const ListSignalsRequestSchema: GenMessage<ListSignalsRequest>;
/**
 * Reply of ListSignals.
 *
 * @generated from message virtuoso.market.v1.ListSignalsResponse
 */
export type ListSignalsResponse = Message<"virtuoso.market.v1.ListSignalsResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The signals of this page, newest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Signal signals = 2;
     */
    signals: Signal[];
    /**
     * The results of all closed signals of the venue, whatever the filters are. Absent while the collector cannot read the
     * history.
     *
     * @generated from field: virtuoso.market.v1.SignalRecord record = 3;
     */
    record?: SignalRecord | undefined;
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 4;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListSignalsResponse.
 * Use `create(ListSignalsResponseSchema)` to create a new message.
 */
export declare const ListSignalsResponseSchema: GenMessage<ListSignalsResponse>;
/**
 * Request of ListOpportunities.
 *
 * @generated from message virtuoso.market.v1.ListOpportunitiesRequest
 */
export type ListOpportunitiesRequest = Message<"virtuoso.market.v1.ListOpportunitiesRequest"> & {
    /**
     * Only these symbols, at most 500. Empty (the default): all.
     *
     * @generated from field: repeated string symbols = 1;
     */
    symbols: string[];
    /**
     * Only these kinds. Empty (the default): all.
     *
     * @generated from field: repeated virtuoso.market.v1.OpportunityKind kinds = 2;
     */
    kinds: OpportunityKind[];
    /**
     * Opportunities per page. Default 50, at most 500.
     *
     * @generated from field: int32 page_size = 3;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. Empty (the default): the first page.
     *
     * @generated from field: string page_token = 4;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListOpportunitiesRequest.
 * Use `create(ListOpportunitiesRequestSchema)` to create a new message.
 */
export declare const ListOpportunitiesRequestSchema: GenMessage<ListOpportunitiesRequest>;
/**
 * Reply of ListOpportunities.
 *
 * @generated from message virtuoso.market.v1.ListOpportunitiesResponse
 */
export type ListOpportunitiesResponse = Message<"virtuoso.market.v1.ListOpportunitiesResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The opportunities of this page, newest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Opportunity opportunities = 2;
     */
    opportunities: Opportunity[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListOpportunitiesResponse.
 * Use `create(ListOpportunitiesResponseSchema)` to create a new message.
 */
export declare const ListOpportunitiesResponseSchema: GenMessage<ListOpportunitiesResponse>;
/**
 * Request of ListAlerts.
 *
 * @generated from message virtuoso.market.v1.ListAlertsRequest
 */
export type ListAlertsRequest = Message<"virtuoso.market.v1.ListAlertsRequest"> & {
    /**
     * Only these symbols, at most 500. Empty (the default): all alerts, with and without a symbol.
     *
     * @generated from field: repeated string symbols = 1;
     */
    symbols: string[];
    /**
     * Only these kinds. Empty (the default): all.
     *
     * @generated from field: repeated virtuoso.market.v1.AlertKind kinds = 2;
     */
    kinds: AlertKind[];
    /**
     * Only alerts of this level or a more urgent one. UNSPECIFIED (the default): all.
     *
     * @generated from field: virtuoso.market.v1.AlertLevel min_level = 3;
     */
    minLevel: AlertLevel;
    /**
     * Alerts per page. Default 50, at most 75.
     *
     * @generated from field: int32 page_size = 4;
     */
    pageSize: number;
    /**
     * The next_page_token of the previous page. It leads to older alerts. Empty (the default): the newest alerts.
     *
     * @generated from field: string page_token = 5;
     */
    pageToken: string;
};
/**
 * Describes the message virtuoso.market.v1.ListAlertsRequest.
 * Use `create(ListAlertsRequestSchema)` to create a new message.
 */
export declare const ListAlertsRequestSchema: GenMessage<ListAlertsRequest>;
/**
 * Reply of ListAlerts.
 *
 * @generated from message virtuoso.market.v1.ListAlertsResponse
 */
export type ListAlertsResponse = Message<"virtuoso.market.v1.ListAlertsResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The alerts of this page, newest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Alert alerts = 2;
     */
    alerts: Alert[];
    /**
     * The token of the next page. Empty on the last page.
     *
     * @generated from field: string next_page_token = 3;
     */
    nextPageToken: string;
    /**
     * The cursor of the newest alert when the first page was made. It is the same on all pages of a list. WatchAlerts
     * continues after it. Never empty.
     *
     * @generated from field: string newest_cursor = 4;
     */
    newestCursor: string;
};
/**
 * Describes the message virtuoso.market.v1.ListAlertsResponse.
 * Use `create(ListAlertsResponseSchema)` to create a new message.
 */
export declare const ListAlertsResponseSchema: GenMessage<ListAlertsResponse>;
/**
 * Request of GetScoreHistory.
 *
 * @generated from message virtuoso.market.v1.GetScoreHistoryRequest
 */
export type GetScoreHistoryRequest = Message<"virtuoso.market.v1.GetScoreHistoryRequest"> & {
    /**
     * The symbol, such as "BTCUSDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The start of the range. It must be before `end_time` and not in the future. Absent (the default): 24 hours before
     * `end_time`, rounded up to a multiple of the resolution, so that later calls return the same points.
     *
     * @generated from field: google.protobuf.Timestamp start_time = 2;
     */
    startTime?: Timestamp | undefined;
    /**
     * The end of the range, not included. A time in the future means now. Absent (the default): now.
     *
     * @generated from field: google.protobuf.Timestamp end_time = 3;
     */
    endTime?: Timestamp | undefined;
    /**
     * The time between two points, counted from `start_time`. Absent or 0 (the default): one minute. A value that would give
     * more than 288 points is increased until it gives 288. A value above the length of the range means that length.
     *
     * @generated from field: google.protobuf.Duration resolution = 4;
     */
    resolution?: Duration | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetScoreHistoryRequest.
 * Use `create(GetScoreHistoryRequestSchema)` to create a new message.
 */
export declare const GetScoreHistoryRequestSchema: GenMessage<GetScoreHistoryRequest>;
/**
 * Reply of GetScoreHistory.
 *
 * @generated from message virtuoso.market.v1.GetScoreHistoryResponse
 */
export type GetScoreHistoryResponse = Message<"virtuoso.market.v1.GetScoreHistoryResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 2;
     */
    symbol: string;
    /**
     * The points, oldest first: the last one of each step. A step without a measurement has no point.
     *
     * @generated from field: repeated virtuoso.market.v1.ScorePoint points = 3;
     */
    points: ScorePoint[];
    /**
     * The time between two points. Always present.
     *
     * @generated from field: google.protobuf.Duration resolution = 4;
     */
    resolution?: Duration | undefined;
};
/**
 * Describes the message virtuoso.market.v1.GetScoreHistoryResponse.
 * Use `create(GetScoreHistoryResponseSchema)` to create a new message.
 */
export declare const GetScoreHistoryResponseSchema: GenMessage<GetScoreHistoryResponse>;
/**
 * Request of WatchAlerts.
 *
 * @generated from message virtuoso.market.v1.WatchAlertsRequest
 */
export type WatchAlertsRequest = Message<"virtuoso.market.v1.WatchAlertsRequest"> & {
    /**
     * The cursor of the last message or alert that the client received, or `newest_cursor` of ListAlerts. "0" means before the
     * first alert. A cursor that the service has not yet issued is refused. Empty (the default): only alerts from now on.
     *
     * @generated from field: string cursor = 1;
     */
    cursor: string;
    /**
     * Only these kinds. Empty (the default): all.
     *
     * @generated from field: repeated virtuoso.market.v1.AlertKind kinds = 2;
     */
    kinds: AlertKind[];
    /**
     * Only alerts of this level or a more urgent one. UNSPECIFIED (the default): all.
     *
     * @generated from field: virtuoso.market.v1.AlertLevel min_level = 3;
     */
    minLevel: AlertLevel;
};
/**
 * Describes the message virtuoso.market.v1.WatchAlertsRequest.
 * Use `create(WatchAlertsRequestSchema)` to create a new message.
 */
export declare const WatchAlertsRequestSchema: GenMessage<WatchAlertsRequest>;
/**
 * One message of WatchAlerts.
 *
 * @generated from message virtuoso.market.v1.WatchAlertsResponse
 */
export type WatchAlertsResponse = Message<"virtuoso.market.v1.WatchAlertsResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * New alerts, oldest first. Empty (the default) in a heartbeat. The first message may also be empty.
     *
     * @generated from field: repeated virtuoso.market.v1.Alert alerts = 2;
     */
    alerts: Alert[];
    /**
     * The cursor with which a new call continues after this message. Alerts that the filters left out are before it. Never
     * empty.
     *
     * @generated from field: string cursor = 3;
     */
    cursor: string;
};
/**
 * Describes the message virtuoso.market.v1.WatchAlertsResponse.
 * Use `create(WatchAlertsResponseSchema)` to create a new message.
 */
export declare const WatchAlertsResponseSchema: GenMessage<WatchAlertsResponse>;
/**
 * Request of WatchDashboard.
 *
 * @generated from message virtuoso.market.v1.WatchDashboardRequest
 */
export type WatchDashboardRequest = Message<"virtuoso.market.v1.WatchDashboardRequest"> & {
    /**
     * The resume_token of the last message of a broken stream. The changes since then come first, if the server still has
     * them. Empty (the default), unknown, too old or of other `symbols`: a whole dashboard comes first.
     *
     * @generated from field: string resume_token = 1;
     */
    resumeToken: string;
    /**
     * The shortest time between two messages on average, 1 s to 60 s. Changes within it come together. Two messages may be
     * half a second closer. Heartbeats come as without it, and so does a change of the data's path. Absent (the default): 1 s.
     *
     * @generated from field: google.protobuf.Duration min_interval = 2;
     */
    minInterval?: Duration | undefined;
    /**
     * Only rows of these symbols, at most 500, such as those on the screen. A symbol that is not tracked has no row. Overview,
     * gainers and losers are always those of the whole market. Empty (the default): all rows.
     *
     * @generated from field: repeated string symbols = 3;
     */
    symbols: string[];
};
/**
 * Describes the message virtuoso.market.v1.WatchDashboardRequest.
 * Use `create(WatchDashboardRequestSchema)` to create a new message.
 */
export declare const WatchDashboardRequestSchema: GenMessage<WatchDashboardRequest>;
/**
 * One message of WatchDashboard.
 *
 * @generated from message virtuoso.market.v1.WatchDashboardResponse
 */
export type WatchDashboardResponse = Message<"virtuoso.market.v1.WatchDashboardResponse"> & {
    /**
     * Where the reply comes from and how old it is.
     *
     * @generated from field: virtuoso.market.v1.Provenance provenance = 1;
     */
    provenance?: Provenance | undefined;
    /**
     * What happened.
     *
     * @generated from oneof virtuoso.market.v1.WatchDashboardResponse.event
     */
    event: {
        /**
         * A whole dashboard. It replaces all earlier messages.
         *
         * @generated from field: virtuoso.market.v1.DashboardSnapshot snapshot = 2;
         */
        value: DashboardSnapshot;
        case: "snapshot";
    } | {
        /**
         * What changed since the previous message.
         *
         * @generated from field: virtuoso.market.v1.DashboardDelta delta = 3;
         */
        value: DashboardDelta;
        case: "delta";
    } | {
        /**
         * Nothing changed. The stream is alive, and `provenance` has the current age of the data.
         *
         * @generated from field: virtuoso.market.v1.Heartbeat heartbeat = 4;
         */
        value: Heartbeat;
        case: "heartbeat";
    } | {
        case: undefined;
        value?: undefined;
    };
    /**
     * The token with which a new call continues after this message. Never empty.
     *
     * @generated from field: string resume_token = 5;
     */
    resumeToken: string;
};
/**
 * Describes the message virtuoso.market.v1.WatchDashboardResponse.
 * Use `create(WatchDashboardResponseSchema)` to create a new message.
 */
export declare const WatchDashboardResponseSchema: GenMessage<WatchDashboardResponse>;
/**
 * A whole dashboard within a stream.
 *
 * @generated from message virtuoso.market.v1.DashboardSnapshot
 */
export type DashboardSnapshot = Message<"virtuoso.market.v1.DashboardSnapshot"> & {
    /**
     * The whole market.
     *
     * @generated from field: virtuoso.market.v1.Overview overview = 1;
     */
    overview?: Overview | undefined;
    /**
     * Every tracked symbol with a price, highest score first. Symbols without a score come last.
     *
     * @generated from field: repeated virtuoso.market.v1.ConfluenceRow rows = 2;
     */
    rows: ConfluenceRow[];
    /**
     * The five largest gainers of the whole venue. Empty when nothing rose.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover gainers = 3;
     */
    gainers: Mover[];
    /**
     * The five largest losers of the whole venue. Empty when nothing fell.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover losers = 4;
     */
    losers: Mover[];
};
/**
 * Describes the message virtuoso.market.v1.DashboardSnapshot.
 * Use `create(DashboardSnapshotSchema)` to create a new message.
 */
export declare const DashboardSnapshotSchema: GenMessage<DashboardSnapshot>;
/**
 * What changed between two dashboards.
 *
 * @generated from message virtuoso.market.v1.DashboardDelta
 */
export type DashboardDelta = Message<"virtuoso.market.v1.DashboardDelta"> & {
    /**
     * The whole market. Absent when nothing in it changed.
     *
     * @generated from field: virtuoso.market.v1.Overview overview = 1;
     */
    overview?: Overview | undefined;
    /**
     * Rows that are new or changed, in full, as GetDashboard has them.
     *
     * @generated from field: repeated virtuoso.market.v1.ConfluenceRow changed_rows = 2;
     */
    changedRows: ConfluenceRow[];
    /**
     * The symbols of rows that were removed.
     *
     * @generated from field: repeated string removed_symbols = 3;
     */
    removedSymbols: string[];
    /**
     * The five largest gainers. They replace the previous ones.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover gainers = 4;
     */
    gainers: Mover[];
    /**
     * The five largest losers. They replace the previous ones.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover losers = 5;
     */
    losers: Mover[];
};
/**
 * Describes the message virtuoso.market.v1.DashboardDelta.
 * Use `create(DashboardDeltaSchema)` to create a new message.
 */
export declare const DashboardDeltaSchema: GenMessage<DashboardDelta>;
/**
 * The stream is alive and nothing changed.
 *
 * @generated from message virtuoso.market.v1.Heartbeat
 */
export type Heartbeat = Message<"virtuoso.market.v1.Heartbeat"> & {};
/**
 * Describes the message virtuoso.market.v1.Heartbeat.
 * Use `create(HeartbeatSchema)` to create a new message.
 */
export declare const HeartbeatSchema: GenMessage<Heartbeat>;
/**
 * The details of every error, each at most once. The message itself is never sent. It gives the types of the details to
 * programs that convert errors to JSON with this contract alone.
 *
 * @generated from message virtuoso.market.v1.ErrorDetails
 */
export type ErrorDetails = Message<"virtuoso.market.v1.ErrorDetails"> & {
    /**
     * Always present. `reason` is an ErrorReason without its prefix, `domain` is "virtuoso.market", `metadata` has the request
     * id.
     *
     * @generated from field: google.rpc.ErrorInfo error_info = 1;
     */
    errorInfo?: ErrorInfo | undefined;
    /**
     * The invalid fields, their values and what is allowed. Absent when no field is invalid.
     *
     * @generated from field: google.rpc.BadRequest bad_request = 2;
     */
    badRequest?: BadRequest | undefined;
    /**
     * When to retry. Absent when a retry does not help.
     *
     * @generated from field: google.rpc.RetryInfo retry_info = 3;
     */
    retryInfo?: RetryInfo | undefined;
};
/**
 * Describes the message virtuoso.market.v1.ErrorDetails.
 * Use `create(ErrorDetailsSchema)` to create a new message.
 */
export declare const ErrorDetailsSchema: GenMessage<ErrorDetails>;
/**
 * Scores and data of the USDT perpetual markets of one exchange. Every reply says where it comes from (Provenance). Every
 * error has a google.rpc.ErrorInfo whose reason is an ErrorReason.
 *
 * Pages: a `page_size` of 0 means the default, and one above the maximum means the maximum. A negative one is refused. A
 * token is opaque and belongs to the request that it came from. An empty `next_page_token` ends the list. All pages of a
 * list come from one snapshot. A list from the history continues after the last row of the previous page, also when rows
 * were added since.
 *
 * @generated from service virtuoso.market.v1.MarketService
 */
export declare const MarketService: GenService<{
    /**
     * All that one mobile screen needs, from one snapshot, in less than 100 KB.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetDashboard
     */
    getDashboard: {
        methodKind: "unary";
        input: typeof GetDashboardRequestSchema;
        output: typeof GetDashboardResponseSchema;
    };
    /**
     * The whole market in a few numbers: regime, trend, volatility, dispersion, breadth, dominance, turnover. UNAVAILABLE with
     * DATA_UNAVAILABLE while no part of it could be measured.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetOverview
     */
    getOverview: {
        methodKind: "unary";
        input: typeof GetOverviewRequestSchema;
        output: typeof GetOverviewResponseSchema;
    };
    /**
     * The scores of the tracked symbols, filtered, ordered and in pages.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListConfluenceScores
     */
    listConfluenceScores: {
        methodKind: "unary";
        input: typeof ListConfluenceScoresRequestSchema;
        output: typeof ListConfluenceScoresResponseSchema;
    };
    /**
     * All details of one symbol: its price, its score, the six dimensions and their components. NOT_FOUND with
     * SYMBOL_NOT_TRACKED when the service does not track the symbol, or with SYMBOL_NOT_FOUND when the venue does not have it.
     * UNAVAILABLE with DATA_UNAVAILABLE while the service has no price of a tracked symbol.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetConfluence
     */
    getConfluence: {
        methodKind: "unary";
        input: typeof GetConfluenceRequestSchema;
        output: typeof GetConfluenceResponseSchema;
    };
    /**
     * The largest moves of the whole venue over 24 hours, above a turnover floor. A side may be empty.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListMovers
     */
    listMovers: {
        methodKind: "unary";
        input: typeof ListMoversRequestSchema;
        output: typeof ListMoversResponseSchema;
    };
    /**
     * The tracked symbols and what the venue says about them, by rank.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListSymbols
     */
    listSymbols: {
        methodKind: "unary";
        input: typeof ListSymbolsRequestSchema;
        output: typeof ListSymbolsResponseSchema;
    };
    /**
     * All live markets of the venue, tracked or not, with price, change, turnover, funding and open interest, and with the
     * reason where a market has no score. They are a few seconds older than the scores. UNAVAILABLE with DATA_UNAVAILABLE
     * while there is no list that is new enough.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListMarkets
     */
    listMarkets: {
        methodKind: "unary";
        input: typeof ListMarketsRequestSchema;
        output: typeof ListMarketsResponseSchema;
    };
    /**
     * Closed bars of one symbol, for a chart. The errors are those of GetConfluence. DATA_UNAVAILABLE also means that the newest
     * bar is too old. A market that is not tracked has bars of 30 minutes and longer.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListCandles
     */
    listCandles: {
        methodKind: "unary";
        input: typeof ListCandlesRequestSchema;
        output: typeof ListCandlesResponseSchema;
    };
    /**
     * What happened in one market beside its price, for the panes of a chart: funding, open interest, accounts, taker delta and
     * liquidations. The series are at most a few minutes old. The errors are those of GetConfluence. DATA_UNAVAILABLE also
     * means that the series are too old.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetMarketSeries
     */
    getMarketSeries: {
        methodKind: "unary";
        input: typeof GetMarketSeriesRequestSchema;
        output: typeof GetMarketSeriesResponseSchema;
    };
    /**
     * The sentiment of the whole market: a gauge and its parts. UNAVAILABLE with DATA_UNAVAILABLE while no part of it could be
     * measured.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetSentiment
     */
    getSentiment: {
        methodKind: "unary";
        input: typeof GetSentimentRequestSchema;
        output: typeof GetSentimentResponseSchema;
    };
    /**
     * How the tracked symbols move with BTC, by rank. UNAVAILABLE with DATA_UNAVAILABLE while no symbol has enough returns.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListBetas
     */
    listBetas: {
        methodKind: "unary";
        input: typeof ListBetasRequestSchema;
        output: typeof ListBetasResponseSchema;
    };
    /**
     * How one tracked symbol moves with BTC, also over time. The errors are those of GetConfluence. DATA_UNAVAILABLE also
     * means that no symbol has enough returns.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetBeta
     */
    getBeta: {
        methodKind: "unary";
        input: typeof GetBetaRequestSchema;
        output: typeof GetBetaResponseSchema;
    };
    /**
     * The signals of all venues that were in use, newest first, and the record of the closed ones of the venue. UNAVAILABLE with HISTORY_UNAVAILABLE while
     * the history cannot be read, except when `active` is true, because active signals come from the snapshot.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListSignals
     */
    listSignals: {
        methodKind: "unary";
        input: typeof ListSignalsRequestSchema;
        output: typeof ListSignalsResponseSchema;
    };
    /**
     * The odds that one symbol beats the median market in the next 24 hours, or why nothing is said. The symbol may be any of
     * the universe of outlooks or of the tracked symbols. The other errors are those of GetConfluence.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetOutlook
     */
    getOutlook: {
        methodKind: "unary";
        input: typeof GetOutlookRequestSchema;
        output: typeof GetOutlookResponseSchema;
    };
    /**
     * The outlooks of the universe and of the tracked symbols, highest odds first. Symbols without odds come last.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListOutlooks
     */
    listOutlooks: {
        methodKind: "unary";
        input: typeof ListOutlooksRequestSchema;
        output: typeof ListOutlooksResponseSchema;
    };
    /**
     * The record of outlooks: evidence, calibration, coverage, weeks. UNAVAILABLE with DATA_UNAVAILABLE while there is none.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetOutlookRecord
     */
    getOutlookRecord: {
        methodKind: "unary";
        input: typeof GetOutlookRecordRequestSchema;
        output: typeof GetOutlookRecordResponseSchema;
    };
    /**
     * Opportunities that have not expired, newest first. Often there are none.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListOpportunities
     */
    listOpportunities: {
        methodKind: "unary";
        input: typeof ListOpportunitiesRequestSchema;
        output: typeof ListOpportunitiesResponseSchema;
    };
    /**
     * Alerts of all venues that were in use, newest first. UNAVAILABLE with HISTORY_UNAVAILABLE while the history cannot be
     * read.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.ListAlerts
     */
    listAlerts: {
        methodKind: "unary";
        input: typeof ListAlertsRequestSchema;
        output: typeof ListAlertsResponseSchema;
    };
    /**
     * Scores and prices of one symbol over time, one point for each step. A symbol that is no longer tracked is accepted if
     * the venue still has it and the range has points. The errors are those of GetConfluence, and UNAVAILABLE with
     * HISTORY_UNAVAILABLE while the history cannot be read.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.GetScoreHistory
     */
    getScoreHistory: {
        methodKind: "unary";
        input: typeof GetScoreHistoryRequestSchema;
        output: typeof GetScoreHistoryResponseSchema;
    };
    /**
     * Alerts as they happen, after a cursor. Each alert comes exactly once, also when a failure separates two calls. A message
     * comes at least every 30 s. The stream ends with UNAVAILABLE: with SHUTTING_DOWN when the server shuts down, or with
     * HISTORY_UNAVAILABLE when the history could not be read for 10 s. It ends without an error when it is an hour old. Then
     * call again with the last cursor, on any server.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.WatchAlerts
     */
    watchAlerts: {
        methodKind: "server_streaming";
        input: typeof WatchAlertsRequestSchema;
        output: typeof WatchAlertsResponseSchema;
    };
    /**
     * First a whole dashboard, then its changes, with the numbers of GetDashboard. A message comes at least every 30 s. A slow
     * reader skips snapshots and gets the newest one. The stream ends with UNAVAILABLE and SHUTTING_DOWN when the server shuts down, and without an error when
     * it is an hour old. Then call again with the last resume_token, on any server.
     *
     * @generated from rpc virtuoso.market.v1.MarketService.WatchDashboard
     */
    watchDashboard: {
        methodKind: "server_streaming";
        input: typeof WatchDashboardRequestSchema;
        output: typeof WatchDashboardResponseSchema;
    };
}>;
