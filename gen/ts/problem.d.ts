/** Why a call failed, as the service says it. */
export interface Problem {
    /** The name of the gRPC code, such as "unavailable". */
    readonly code: string;
    /** A reason of error_reason.proto without its prefix, such as "NOT_READY". Undefined when no Virtuoso server answered. */
    readonly reason: string | undefined;
    /** A text for people. */
    readonly message: string;
    /** The time until the call may be repeated, milliseconds. Undefined when the service does not say. */
    readonly retryAfterMs: number | undefined;
    /** The wrong fields of the request, each with what is allowed. */
    readonly fields: readonly {
        readonly field: string;
        readonly description: string;
    }[];
    /** The id of the request in the server's log. Undefined when the server sent none. */
    readonly requestId: string | undefined;
}
/** Return the problem that `error`, thrown by a call, describes. */
export declare function problemOf(error: unknown): Problem;
/** Return true for an error after which the same call may be repeated: no server could answer it. */
export declare function isTransient(error: unknown): boolean;
