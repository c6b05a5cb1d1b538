import { type Problem } from "./problem.js";
/** Options for following a stream. */
export interface FollowOptions {
    /** Ends the stream when it is aborted. */
    readonly signal?: AbortSignal;
    /** A stream without a message for this time counts as lost, milliseconds. Default 35 000, since the service sends a heartbeat
     * at least every 30 s. */
    readonly silenceMs?: number;
    /** The longest pause before the stream is opened again, milliseconds. Default 5000. */
    readonly longestPauseMs?: number;
    /** Dispatch "wake" here when the network or the screen is back. This ends a pause. A stream that was silent for more than
     * 15 s is opened again. */
    readonly wake?: EventTarget;
}
/** An event of a stream: a message, or its loss. */
export type Followed<T> = {
    readonly message: T;
} | {
    readonly lost: Problem;
    readonly retryInMs: number;
};
/** Yield the messages of a stream forever. After each loss, `open` is called again and resumes the stream. An error that a retry
 * cannot fix, such as INVALID_ARGUMENT, is thrown. After any other error the stream is opened again. */
export declare function follow<T>(open: (signal: AbortSignal) => AsyncIterable<T>, { signal, silenceMs, longestPauseMs, wake }?: FollowOptions): AsyncGenerator<Followed<T>>;
