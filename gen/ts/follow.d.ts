import { type Problem } from "./problem.js";
/** How a stream is followed. */
export interface FollowOptions {
    /** Ends it. */
    readonly signal?: AbortSignal;
    /** Silence after which a stream counts as dead, milliseconds. Default 35 000: the service gives a sign of life every 30 s. */
    readonly silenceMs?: number;
    /** The longest pause before it is taken up again, milliseconds. Default 5000. */
    readonly longestPauseMs?: number;
    /** Dispatch "wake" here when the network or the screen is back: a pause ends, and a stream that was silent for some
     * seconds is taken up anew rather than trusted. */
    readonly wake?: EventTarget;
}
/** What happens to a stream that is followed: a message, or its loss. */
export type Followed<T> = {
    readonly message: T;
} | {
    readonly lost: Problem;
    readonly retryInMs: number;
};
/** Messages of the stream that `open` opens, again and again, each time from where it was: `open` knows. What is asked for
 * wrongly (INVALID_ARGUMENT and its like) is thrown; everything else is tried again for ever. */
export declare function follow<T>(open: (signal: AbortSignal) => AsyncIterable<T>, { signal, silenceMs, longestPauseMs, wake }?: FollowOptions): AsyncGenerator<Followed<T>>;
