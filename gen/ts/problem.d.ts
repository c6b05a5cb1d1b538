/** A call that failed, with what the service said about it. */
export interface Problem {
    /** The gRPC code by its name, such as "unavailable". */
    readonly code: string;
    /** A reason of error_reason.proto without its prefix, such as "NOT_READY"; undefined where no server of ours answered. */
    readonly reason: string | undefined;
    /** In words, for a person. */
    readonly message: string;
    /** When to ask again, milliseconds from the answer on; undefined where the service does not say. */
    readonly retryAfterMs: number | undefined;
    /** Fields of the request to blame, each with what is allowed. */
    readonly fields: readonly {
        readonly field: string;
        readonly description: string;
    }[];
    /** The id under which the server's log has it; undefined where it gave none. */
    readonly requestId: string | undefined;
}
/** What `error`, thrown by any call, means. */
export declare function problemOf(error: unknown): Problem;
/** True for what may be called again unchanged: no server could answer, and said so. */
export declare function isTransient(error: unknown): boolean;
