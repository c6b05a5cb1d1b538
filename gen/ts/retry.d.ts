import type { Interceptor } from "@connectrpc/connect";
/** How calls are repeated. */
export interface RetryPolicy {
    /** The number of calls, including the first. Default 3. With 1, no call is repeated. */
    readonly attempts?: number;
    /** The longest pause before a call, milliseconds. Default 2500. When the service asks for a longer one, the call fails. */
    readonly longestPauseMs?: number;
}
/** Return an interceptor that repeats unary calls which no server could answer (UNAVAILABLE).
 *
 * A call that cannot be answered before its deadline is not repeated. It fails with the reason that the service gave. */
export declare function retries({ attempts, longestPauseMs }?: RetryPolicy): Interceptor;
/** Return the pause after attempt number `attempt`, milliseconds. It doubles with each attempt up to `longest`, and is at least
 * `minimum`, which the service asked for. Jitter spreads the calls of many clients after a server restarts. */
export declare function pauseMs(attempt: number, longest: number, minimum: number): number;
/** Wait for `ms` milliseconds, or until `signal` is aborted or "wake" is dispatched on `wake`. */
export declare function pause(ms: number, signal: AbortSignal, wake?: EventTarget): Promise<void>;
