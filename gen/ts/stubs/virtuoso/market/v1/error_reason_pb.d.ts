import type { GenEnum, GenFile } from "@bufbuild/protobuf/codegenv2";
/**
 * Describes the file virtuoso/market/v1/error_reason.proto.
 */
export declare const file_virtuoso_market_v1_error_reason: GenFile;
/**
 * Why a call failed. Every error has a google.rpc.ErrorInfo. Its `reason` is one of these names without the prefix. Its
 * `domain` is "virtuoso.market".
 *
 * @generated from enum virtuoso.market.v1.ErrorReason
 */
export declare enum ErrorReason {
    /**
     * Never sent.
     *
     * @generated from enum value: ERROR_REASON_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * UNAVAILABLE: the server has not received a first complete snapshot yet. RetryInfo says when to retry.
     *
     * @generated from enum value: ERROR_REASON_NOT_READY = 1;
     */
    NOT_READY = 1,
    /**
     * UNAVAILABLE: the data is missing or too old to be served. RetryInfo says when to retry.
     *
     * @generated from enum value: ERROR_REASON_DATA_UNAVAILABLE = 2;
     */
    DATA_UNAVAILABLE = 2,
    /**
     * INVALID_ARGUMENT: a field violates its rule. BadRequest has each field, its value and what is allowed.
     *
     * @generated from enum value: ERROR_REASON_INVALID_FIELD = 3;
     */
    INVALID_FIELD = 3,
    /**
     * INVALID_ARGUMENT: the page token is not from this service, or belongs to another request.
     *
     * @generated from enum value: ERROR_REASON_PAGE_TOKEN_INVALID = 4;
     */
    PAGE_TOKEN_INVALID = 4,
    /**
     * INVALID_ARGUMENT: the server no longer has the snapshot of the page token. Start again without a token.
     *
     * @generated from enum value: ERROR_REASON_PAGE_TOKEN_EXPIRED = 5;
     */
    PAGE_TOKEN_EXPIRED = 5,
    /**
     * NOT_FOUND: the venue has no such USDT perpetual.
     *
     * @generated from enum value: ERROR_REASON_SYMBOL_NOT_FOUND = 6;
     */
    SYMBOL_NOT_FOUND = 6,
    /**
     * NOT_FOUND: the venue has the symbol, but the service does not track it. ListSymbols names the tracked symbols.
     *
     * @generated from enum value: ERROR_REASON_SYMBOL_NOT_TRACKED = 7;
     */
    SYMBOL_NOT_TRACKED = 7,
    /**
     * RESOURCE_EXHAUSTED: the server has too many concurrent calls. RetryInfo says when to retry.
     *
     * @generated from enum value: ERROR_REASON_OVERLOADED = 8;
     */
    OVERLOADED = 8,
    /**
     * RESOURCE_EXHAUSTED: the server has too many open streams, in total or from this address. RetryInfo says when to retry.
     *
     * @generated from enum value: ERROR_REASON_TOO_MANY_STREAMS = 9;
     */
    TOO_MANY_STREAMS = 9,
    /**
     * UNAVAILABLE: the server is shutting down. Retry on another server, or on this one after its restart.
     *
     * @generated from enum value: ERROR_REASON_SHUTTING_DOWN = 10;
     */
    SHUTTING_DOWN = 10,
    /**
     * DEADLINE_EXCEEDED: the caller's deadline passed before the reply was complete.
     *
     * @generated from enum value: ERROR_REASON_DEADLINE_EXCEEDED = 11;
     */
    DEADLINE_EXCEEDED = 11,
    /**
     * INTERNAL: an error in the service. The log has it under the request id in the trailers.
     *
     * @generated from enum value: ERROR_REASON_INTERNAL = 12;
     */
    INTERNAL = 12,
    /**
     * UNAVAILABLE: no server behind the edge answers. RetryInfo says when to retry. Only the edge sends it.
     *
     * @generated from enum value: ERROR_REASON_NO_SERVER = 13;
     */
    NO_SERVER = 13,
    /**
     * UNAVAILABLE: the history of scores, signals and alerts cannot be read now. RetryInfo says when to retry.
     *
     * @generated from enum value: ERROR_REASON_HISTORY_UNAVAILABLE = 14;
     */
    HISTORY_UNAVAILABLE = 14,
    /**
     * RESOURCE_EXHAUSTED: too many requests from this address. RetryInfo says when to retry. Only the edge sends it.
     *
     * @generated from enum value: ERROR_REASON_RATE_LIMITED = 15;
     */
    RATE_LIMITED = 15,
    /**
     * UNIMPLEMENTED: there is no such RPC. For a path that is no RPC, the edge sends NOT_FOUND.
     *
     * @generated from enum value: ERROR_REASON_UNKNOWN_RPC = 16;
     */
    UNKNOWN_RPC = 16,
    /**
     * RESOURCE_EXHAUSTED: the request, or its path with its headers, is too large. A retry does not help.
     *
     * @generated from enum value: ERROR_REASON_TOO_LARGE = 17;
     */
    TOO_LARGE = 17
}
/**
 * Describes the enum virtuoso.market.v1.ErrorReason.
 */
export declare const ErrorReasonSchema: GenEnum<ErrorReason>;
