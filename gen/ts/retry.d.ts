import type { Interceptor } from "@connectrpc/connect";
/** How patient calls are. */
export interface RetryPolicy {
    /** Calls in all, the first one included. Default 3; 1 for no second one. */
    readonly attempts?: number;
    /** The longest pause before a second call, milliseconds. Default 2500. A service that asks for more gets no further call. */
    readonly longestPauseMs?: number;
}
/** Calls again what no server could answer (UNAVAILABLE), and nothing else: streams resume by themselves. */
export declare function retries({ attempts, longestPauseMs }?: RetryPolicy): Interceptor;
/** A pause before attempt `attempt` + 1, milliseconds: doubled each time up to `longest`, at least what the service `asked`
 * for, with jitter so that the clients of a server that comes back do not all come at once. */
export declare function pauseMs(attempt: number, longest: number, asked: number): number;
/** Wait. Ends at once when `signal` is aborted, or "wake" is dispatched on `wake`. */
export declare function pause(ms: number, signal: AbortSignal, wake?: EventTarget): Promise<void>;
