import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/provenance.proto.
 */
export declare const file_virtuoso_market_v1_provenance: GenFile;
/**
 * Where a reply comes from and how old it is. Every reply has exactly one.
 *
 * @generated from message virtuoso.market.v1.Provenance
 */
export type Provenance = Message<"virtuoso.market.v1.Provenance"> & {
    /**
     * The snapshot that the reply was made from. Replies with the same id agree with each other in every number.
     * Opaque. Never empty.
     *
     * @generated from field: string snapshot_id = 1;
     */
    snapshotId: string;
    /**
     * The time of the newest prices of this reply, on the exchange's clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 2;
     */
    observedTime?: Timestamp | undefined;
    /**
     * When these prices arrived, on our clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp received_time = 3;
     */
    receivedTime?: Timestamp | undefined;
    /**
     * When the snapshot was computed from them, on our clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp computed_time = 4;
     */
    computedTime?: Timestamp | undefined;
    /**
     * The exchange, as a lower-case name such as "bybit" or "binance". Never empty.
     *
     * @generated from field: string venue = 5;
     */
    venue: string;
    /**
     * The kind of snapshot that the data comes from.
     *
     * @generated from field: virtuoso.market.v1.Path path = 6;
     */
    path: Path;
    /**
     * Why the reply is stale or from another venue. UNSPECIFIED (the default) when it is neither.
     *
     * @generated from field: virtuoso.market.v1.FallbackReason fallback_reason = 7;
     */
    fallbackReason: FallbackReason;
    /**
     * Whether the market is live, simulated or a replay.
     *
     * @generated from field: virtuoso.market.v1.Environment environment = 8;
     */
    environment: Environment;
    /**
     * True when the newest prices are more than 30 s old, or a newer bar of a chart is overdue by more than 30 s. Default
     * false.
     *
     * @generated from field: bool stale = 9;
     */
    stale: boolean;
    /**
     * How many symbols should have a score, and how many have one.
     *
     * @generated from field: virtuoso.market.v1.Coverage coverage = 10;
     */
    coverage?: Coverage | undefined;
    /**
     * The time of the oldest price, bar, order book or trades of any score of the snapshot, on the exchange's clock. The slow
     * series (funding, open interest, long/short ratios) do not count. Absent without scores, and in replies with bars.
     *
     * @generated from field: google.protobuf.Timestamp oldest_input_time = 11;
     */
    oldestInputTime?: Timestamp | undefined;
    /**
     * The age of `observed_time`. The server updates it once a second. At least 0 s.
     *
     * @generated from field: google.protobuf.Duration age = 12;
     */
    age?: Duration | undefined;
    /**
     * The name of the set of components, weights and parameters that made the scores, such as "v1".
     *
     * @generated from field: string model_version = 13;
     */
    modelVersion: string;
    /**
     * The preferred venue, when the data is from another one. Empty (the default) otherwise.
     *
     * @generated from field: string fallback_from = 14;
     */
    fallbackFrom: string;
};
/**
 * Describes the message virtuoso.market.v1.Provenance.
 * Use `create(ProvenanceSchema)` to create a new message.
 */
export declare const ProvenanceSchema: GenMessage<Provenance>;
/**
 * How complete a snapshot is.
 *
 * @generated from message virtuoso.market.v1.Coverage
 */
export type Coverage = Message<"virtuoso.market.v1.Coverage"> & {
    /**
     * How many symbols are tracked.
     *
     * @generated from field: uint32 expected = 1;
     */
    expected: number;
    /**
     * How many of them have a score. At most `expected`.
     *
     * @generated from field: uint32 present = 2;
     */
    present: number;
    /**
     * How many of them have no score because the venue cannot measure them: it does not trade them, they are halted, or it has
     * too little data of them. `unscored_reason` of ListSymbols says why. A snapshot without their scores is complete. Together
     * with `present` at most `expected`. Default 0.
     *
     * @generated from field: uint32 unmeasurable = 3;
     */
    unmeasurable: number;
    /**
     * How many of the tracked symbols have a streamed order book and streamed trades. The others are polled. At most
     * `expected`. Default 0.
     *
     * @generated from field: uint32 streamed = 4;
     */
    streamed: number;
};
/**
 * Describes the message virtuoso.market.v1.Coverage.
 * Use `create(CoverageSchema)` to create a new message.
 */
export declare const CoverageSchema: GenMessage<Coverage>;
/**
 * The kind of snapshot that a reply comes from.
 *
 * @generated from enum virtuoso.market.v1.Path
 */
export declare enum Path {
    /**
     * Never sent.
     *
     * @generated from enum value: PATH_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * A fresh snapshot of the first configured venue.
     *
     * @generated from enum value: PATH_SNAPSHOT = 1;
     */
    SNAPSHOT = 1,
    /**
     * The last good snapshot, which is stale.
     *
     * @generated from enum value: PATH_STALE_SNAPSHOT = 2;
     */
    STALE_SNAPSHOT = 2,
    /**
     * A fresh snapshot of another venue than the first configured one.
     *
     * @generated from enum value: PATH_FALLBACK = 3;
     */
    FALLBACK = 3
}
/**
 * Describes the enum virtuoso.market.v1.Path.
 */
export declare const PathSchema: GenEnum<Path>;
/**
 * Why a reply is stale or from another venue.
 *
 * @generated from enum virtuoso.market.v1.FallbackReason
 */
export declare enum FallbackReason {
    /**
     * The reply is neither stale nor from another venue.
     *
     * @generated from enum value: FALLBACK_REASON_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The venue refuses this location or address.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_BLOCKED = 1;
     */
    VENUE_BLOCKED = 1,
    /**
     * The venue asked for a pause.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_RATE_LIMITED = 2;
     */
    VENUE_RATE_LIMITED = 2,
    /**
     * The venue does not answer, or answers that it is out of service.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_UNAVAILABLE = 3;
     */
    VENUE_UNAVAILABLE = 3,
    /**
     * The venue did not answer in time.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_TIMED_OUT = 4;
     */
    VENUE_TIMED_OUT = 4,
    /**
     * The venue sends data that is not readable or not plausible.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_BAD_DATA = 5;
     */
    VENUE_BAD_DATA = 5,
    /**
     * The venue answers with no markets.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_EMPTY = 6;
     */
    VENUE_EMPTY = 6,
    /**
     * The venue's clock has stopped or is far from ours.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_STALE = 7;
     */
    VENUE_STALE = 7,
    /**
     * The venue sends prices, but not enough other data to score the market.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_INCOMPLETE = 8;
     */
    VENUE_INCOMPLETE = 8,
    /**
     * The venue works again and is watched for a while before it is used.
     *
     * @generated from enum value: FALLBACK_REASON_VENUE_RECOVERING = 9;
     */
    VENUE_RECOVERING = 9,
    /**
     * No newer snapshot was published, and the server does not know why.
     *
     * @generated from enum value: FALLBACK_REASON_NO_NEW_SNAPSHOT = 10;
     */
    NO_NEW_SNAPSHOT = 10,
    /**
     * No repository answers the server.
     *
     * @generated from enum value: FALLBACK_REASON_REPOSITORY_UNAVAILABLE = 11;
     */
    REPOSITORY_UNAVAILABLE = 11,
    /**
     * The clock of the server is more than a minute behind the data, so its age is not known.
     *
     * @generated from enum value: FALLBACK_REASON_CLOCK_BEHIND = 12;
     */
    CLOCK_BEHIND = 12
}
/**
 * Describes the enum virtuoso.market.v1.FallbackReason.
 */
export declare const FallbackReasonSchema: GenEnum<FallbackReason>;
/**
 * The origin of the market data.
 *
 * @generated from enum virtuoso.market.v1.Environment
 */
export declare enum Environment {
    /**
     * Never sent.
     *
     * @generated from enum value: ENVIRONMENT_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * A live exchange.
     *
     * @generated from enum value: ENVIRONMENT_LIVE = 1;
     */
    LIVE = 1,
    /**
     * A simulated market. Never show it as real.
     *
     * @generated from enum value: ENVIRONMENT_SIMULATED = 2;
     */
    SIMULATED = 2,
    /**
     * A recording of a real market, or another server in the exchange's place.
     *
     * @generated from enum value: ENVIRONMENT_REPLAY = 3;
     */
    REPLAY = 3
}
/**
 * Describes the enum virtuoso.market.v1.Environment.
 */
export declare const EnvironmentSchema: GenEnum<Environment>;
