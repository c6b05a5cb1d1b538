import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Beta, RollingBeta } from "./beta_pb.js";
import type { Candle, Timeframe } from "./candle_pb.js";
import type { ConfluenceRow, Dimension, DimensionKind } from "./confluence_pb.js";
import type { Mover } from "./mover_pb.js";
import type { Opportunity } from "./opportunity_pb.js";
import type { Overview, Regime } from "./overview_pb.js";
import type { Provenance } from "./provenance_pb.js";
import type { Sentiment } from "./sentiment_pb.js";
import type { Signal, SignalRecord } from "./signal_pb.js";
import type { Symbol } from "./symbol_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/snapshot.proto.
 */
export declare const file_virtuoso_market_v1_snapshot: GenFile;
/**
 * All that one pass of the collector knows of a market. It is what the repository stores and what every reply is cut
 * from; it is not sent to clients itself.
 *
 * @generated from message virtuoso.market.v1.Snapshot
 */
export type Snapshot = Message<"virtuoso.market.v1.Snapshot"> & {
    /**
     * The provenance of the pass. `path`, `stale` and `age` are the server's to say and are not set here.
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
     * One row per tracked symbol with a price, highest score first, those without a score last.
     *
     * @generated from field: repeated virtuoso.market.v1.ConfluenceRow rows = 3;
     */
    rows: ConfluenceRow[];
    /**
     * The full breakdown per tracked symbol.
     *
     * @generated from field: repeated virtuoso.market.v1.Confluence confluences = 4;
     */
    confluences: Confluence[];
    /**
     * Risers of the whole venue above the turnover floor, largest move first.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover gainers = 5;
     */
    gainers: Mover[];
    /**
     * Fallers of the whole venue above the turnover floor, largest move first.
     *
     * @generated from field: repeated virtuoso.market.v1.Mover losers = 6;
     */
    losers: Mover[];
    /**
     * The tracked universe, by rank.
     *
     * @generated from field: repeated virtuoso.market.v1.Symbol symbols = 7;
     */
    symbols: Symbol[];
    /**
     * Every live USDT perpetual of the venue, tracked or not.
     *
     * @generated from field: repeated string venue_symbols = 8;
     */
    venueSymbols: string[];
    /**
     * Collector's state that outlives it; see RegimeState.
     *
     * @generated from field: virtuoso.market.v1.RegimeState regime_state = 9;
     */
    regimeState?: RegimeState | undefined;
    /**
     * The market's sentiment. Absent when nothing of it could be measured.
     *
     * @generated from field: virtuoso.market.v1.Sentiment sentiment = 10;
     */
    sentiment?: Sentiment | undefined;
    /**
     * How the tracked symbols move with BTC, by rank; those without enough returns are not in it.
     *
     * @generated from field: repeated virtuoso.market.v1.SymbolBeta betas = 11;
     */
    betas: SymbolBeta[];
    /**
     * Active signals, newest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Signal signals = 12;
     */
    signals: Signal[];
    /**
     * Opportunities that have not expired, newest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Opportunity opportunities = 13;
     */
    opportunities: Opportunity[];
    /**
     * How the closed signals of the venue ended. Absent while the history is down.
     *
     * @generated from field: virtuoso.market.v1.SignalRecord signal_record = 14;
     */
    signalRecord?: SignalRecord | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Snapshot.
 * Use `create(SnapshotSchema)` to create a new message.
 */
export declare const SnapshotSchema: GenMessage<Snapshot>;
/**
 * One symbol's betas, now and over time.
 *
 * @generated from message virtuoso.market.v1.SymbolBeta
 */
export type SymbolBeta = Message<"virtuoso.market.v1.SymbolBeta"> & {
    /**
     * Now.
     *
     * @generated from field: virtuoso.market.v1.Beta beta = 1;
     */
    beta?: Beta | undefined;
    /**
     * Over time, shortest window first.
     *
     * @generated from field: repeated virtuoso.market.v1.RollingBeta rolling = 2;
     */
    rolling: RollingBeta[];
};
/**
 * Describes the message virtuoso.market.v1.SymbolBeta.
 * Use `create(SymbolBetaSchema)` to create a new message.
 */
export declare const SymbolBetaSchema: GenMessage<SymbolBeta>;
/**
 * One symbol's full breakdown.
 *
 * @generated from message virtuoso.market.v1.Confluence
 */
export type Confluence = Message<"virtuoso.market.v1.Confluence"> & {
    /**
     * The symbol's row, as in the lists.
     *
     * @generated from field: virtuoso.market.v1.ConfluenceRow row = 1;
     */
    row?: ConfluenceRow | undefined;
    /**
     * The six dimensions, in the order of their kinds.
     *
     * @generated from field: repeated virtuoso.market.v1.Dimension dimensions = 2;
     */
    dimensions: Dimension[];
    /**
     * How far the dimensions agree, 0-1: 1 less their weighted dispersion. Absent without a score.
     *
     * @generated from field: optional double agreement = 3;
     */
    agreement?: number | undefined;
    /**
     * Kinds of the dimensions by |contribution|, strongest first, so that bearish ones show. Empty without a score.
     *
     * @generated from field: repeated virtuoso.market.v1.DimensionKind drivers = 4;
     */
    drivers: DimensionKind[];
    /**
     * Names of the inputs that were not there. Empty (the default) when none was missing.
     *
     * @generated from field: repeated string missing_inputs = 5;
     */
    missingInputs: string[];
    /**
     * The exchange's clock for the price of the row. Always present.
     *
     * @generated from field: google.protobuf.Timestamp price_time = 6;
     */
    priceTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Confluence.
 * Use `create(ConfluenceSchema)` to create a new message.
 */
export declare const ConfluenceSchema: GenMessage<Confluence>;
/**
 * What the regime needs to remember so that it does not flap; carried from snapshot to snapshot.
 *
 * @generated from message virtuoso.market.v1.RegimeState
 */
export type RegimeState = Message<"virtuoso.market.v1.RegimeState"> & {
    /**
     * The regime that holds.
     *
     * @generated from field: virtuoso.market.v1.Regime regime = 1;
     */
    regime: Regime;
    /**
     * Since when.
     *
     * @generated from field: google.protobuf.Timestamp since_time = 2;
     */
    sinceTime?: Timestamp | undefined;
    /**
     * The regime that asks to follow. UNSPECIFIED (the default) when none does.
     *
     * @generated from field: virtuoso.market.v1.Regime candidate = 3;
     */
    candidate: Regime;
    /**
     * Since when it asks. Absent without a candidate.
     *
     * @generated from field: google.protobuf.Timestamp candidate_since_time = 4;
     */
    candidateSinceTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.RegimeState.
 * Use `create(RegimeStateSchema)` to create a new message.
 */
export declare const RegimeStateSchema: GenMessage<RegimeState>;
/**
 * The small record that servers poll to learn of a new snapshot.
 *
 * @generated from message virtuoso.market.v1.SnapshotHead
 */
export type SnapshotHead = Message<"virtuoso.market.v1.SnapshotHead"> & {
    /**
     * The snapshot's id; its bytes stand under a key made from it.
     *
     * @generated from field: string snapshot_id = 1;
     */
    snapshotId: string;
    /**
     * Length of those bytes.
     *
     * @generated from field: uint64 length = 2;
     */
    length: bigint;
    /**
     * Their checksum (BLAKE2b, 16 bytes).
     *
     * @generated from field: bytes checksum = 3;
     */
    checksum: Uint8Array;
    /**
     * The exchange's clock of its newest prices. Readers take the newest.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 4;
     */
    observedTime?: Timestamp | undefined;
    /**
     * When the scores in it should be refreshed: 30 s after `observed_time`.
     *
     * @generated from field: google.protobuf.Timestamp scores_soft_expiry_time = 5;
     */
    scoresSoftExpiryTime?: Timestamp | undefined;
    /**
     * When its overview should be refreshed: 60 s after `observed_time`.
     *
     * @generated from field: google.protobuf.Timestamp overview_soft_expiry_time = 6;
     */
    overviewSoftExpiryTime?: Timestamp | undefined;
    /**
     * The exchange.
     *
     * @generated from field: string venue = 7;
     */
    venue: string;
    /**
     * How far the market's clock runs behind the real one, when a recording is played: all times of the market are the
     * recording's, and this much is added to them to tell their age. Absent (the default) for a market of today.
     *
     * @generated from field: google.protobuf.Duration behind = 8;
     */
    behind?: Duration | undefined;
};
/**
 * Describes the message virtuoso.market.v1.SnapshotHead.
 * Use `create(SnapshotHeadSchema)` to create a new message.
 */
export declare const SnapshotHeadSchema: GenMessage<SnapshotHead>;
/**
 * The bars of one symbol and timeframe, as the collector last saw them.
 *
 * @generated from message virtuoso.market.v1.CandleSeries
 */
export type CandleSeries = Message<"virtuoso.market.v1.CandleSeries"> & {
    /**
     * The symbol.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * Length of the bars.
     *
     * @generated from field: virtuoso.market.v1.Timeframe timeframe = 2;
     */
    timeframe: Timeframe;
    /**
     * Closed bars, oldest first.
     *
     * @generated from field: repeated virtuoso.market.v1.Candle candles = 3;
     */
    candles: Candle[];
    /**
     * The exchange's clock when the newest of them was read.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 4;
     */
    observedTime?: Timestamp | undefined;
    /**
     * Our clock at that moment.
     *
     * @generated from field: google.protobuf.Timestamp received_time = 5;
     */
    receivedTime?: Timestamp | undefined;
    /**
     * The exchange.
     *
     * @generated from field: string venue = 6;
     */
    venue: string;
    /**
     * As in SnapshotHead.
     *
     * @generated from field: google.protobuf.Duration behind = 7;
     */
    behind?: Duration | undefined;
};
/**
 * Describes the message virtuoso.market.v1.CandleSeries.
 * Use `create(CandleSeriesSchema)` to create a new message.
 */
export declare const CandleSeriesSchema: GenMessage<CandleSeries>;
