import type { GenEnum, GenFile } from "@bufbuild/protobuf/codegenv2";
/**
 * Describes the file virtuoso/market/v1/error_reason.proto.
 */
export declare const file_virtuoso_market_v1_error_reason: GenFile;
/**
 * Why a call failed: the `reason` of the google.rpc.ErrorInfo in every error, without the prefix, with the domain
 * "virtuoso.market".
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
     * UNAVAILABLE: the server has not yet seen a first complete snapshot. RetryInfo says when to ask again.
     *
     * @generated from enum value: ERROR_REASON_NOT_READY = 1;
     */
    NOT_READY = 1,
    /**
     * UNAVAILABLE: what there was is older than may be shown. RetryInfo says when to ask again.
     *
     * @generated from enum value: ERROR_REASON_DATA_UNAVAILABLE = 2;
     */
    DATA_UNAVAILABLE = 2,
    /**
     * INVALID_ARGUMENT: a field breaks its rule. BadRequest names each field, the value and what is allowed.
     *
     * @generated from enum value: ERROR_REASON_INVALID_FIELD = 3;
     */
    INVALID_FIELD = 3,
    /**
     * INVALID_ARGUMENT: the page token was not given by this service, or for another request.
     *
     * @generated from enum value: ERROR_REASON_PAGE_TOKEN_INVALID = 4;
     */
    PAGE_TOKEN_INVALID = 4,
    /**
     * INVALID_ARGUMENT: the page token's snapshot is gone. Begin again without a token.
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
     * NOT_FOUND: the symbol exists on the venue but is not among those that are scored. See ListSymbols.
     *
     * @generated from enum value: ERROR_REASON_SYMBOL_NOT_TRACKED = 7;
     */
    SYMBOL_NOT_TRACKED = 7,
    /**
     * RESOURCE_EXHAUSTED: too many calls at once. RetryInfo says when to ask again.
     *
     * @generated from enum value: ERROR_REASON_OVERLOADED = 8;
     */
    OVERLOADED = 8,
    /**
     * RESOURCE_EXHAUSTED: too many open streams on this server. RetryInfo says when to ask again.
     *
     * @generated from enum value: ERROR_REASON_TOO_MANY_STREAMS = 9;
     */
    TOO_MANY_STREAMS = 9,
    /**
     * UNAVAILABLE: the server is going down; another one, or this one after its restart, will answer.
     *
     * @generated from enum value: ERROR_REASON_SHUTTING_DOWN = 10;
     */
    SHUTTING_DOWN = 10,
    /**
     * DEADLINE_EXCEEDED: the caller's time ran out before the answer was there.
     *
     * @generated from enum value: ERROR_REASON_DEADLINE_EXCEEDED = 11;
     */
    DEADLINE_EXCEEDED = 11,
    /**
     * INTERNAL: an error of ours. The request id in the trailers finds it in the log.
     *
     * @generated from enum value: ERROR_REASON_INTERNAL = 12;
     */
    INTERNAL = 12,
    /**
     * UNAVAILABLE: the edge has no server behind it that answers. RetryInfo says when to ask again. Said by the edge alone.
     *
     * @generated from enum value: ERROR_REASON_NO_SERVER = 13;
     */
    NO_SERVER = 13,
    /**
     * UNAVAILABLE: the history of scores, signals and alerts cannot be read now. RetryInfo says when to ask again.
     *
     * @generated from enum value: ERROR_REASON_HISTORY_UNAVAILABLE = 14;
     */
    HISTORY_UNAVAILABLE = 14,
    /**
     * RESOURCE_EXHAUSTED: this caller's address asked more often than one address may. RetryInfo says when to ask again. Said by
     * the edge alone.
     *
     * @generated from enum value: ERROR_REASON_RATE_LIMITED = 15;
     */
    RATE_LIMITED = 15
}
/**
 * Describes the enum virtuoso.market.v1.ErrorReason.
 */
export declare const ErrorReasonSchema: GenEnum<ErrorReason>;
