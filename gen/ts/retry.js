import { isTransient, problemOf } from "./problem.js";
/** The time that a repeated call needs before its deadline, milliseconds. */
const ANSWER_MS = 500;
/** Return an interceptor that repeats unary calls which no server could answer (UNAVAILABLE).
 *
 * A call that cannot be answered before its deadline is not repeated. It fails with the reason that the service gave. */
export function retries({ attempts = 3, longestPauseMs = 2500 } = {}) {
    return (next) => async (request) => {
        const deadlineMs = performance.now() + timeoutMs(request.header);
        for (let attempt = 1;; attempt++) {
            try {
                return await next(request);
            }
            catch (error) {
                const minimumMs = problemOf(error).retryAfterMs ?? 0;
                if (request.stream || !isTransient(error) || attempt >= attempts || minimumMs > longestPauseMs)
                    throw error;
                const waitMs = pauseMs(attempt, longestPauseMs, minimumMs);
                if (performance.now() + waitMs + ANSWER_MS > deadlineMs)
                    throw error;
                await pause(waitMs, request.signal);
            }
        }
    };
}
/** Return the timeout in the headers of a request, milliseconds. Return Infinity when there is none. */
function timeoutMs(header) {
    const grpc = /^(\d+)m$/.exec(header.get("grpc-timeout") ?? "")?.[1];
    return Number(grpc ?? header.get("connect-timeout-ms") ?? Infinity);
}
/** Return the pause after attempt number `attempt`, milliseconds. It doubles with each attempt up to `longest`, and is at least
 * `minimum`, which the service asked for. Jitter spreads the calls of many clients after a server restarts. */
export function pauseMs(attempt, longest, minimum) {
    const jitter = Math.random();
    return Math.max(minimum * (1 + jitter / 4), Math.min(longest, 100 * 2 ** attempt) * (1 - jitter / 2));
}
/** Wait for `ms` milliseconds, or until `signal` is aborted or "wake" is dispatched on `wake`. */
export function pause(ms, signal, wake) {
    return new Promise((resolve) => {
        const end = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            wake?.removeEventListener("wake", end);
            resolve();
        };
        const timer = setTimeout(end, ms);
        if (signal.aborted) {
            end();
            return;
        }
        signal.addEventListener("abort", end);
        wake?.addEventListener("wake", end);
    });
}
