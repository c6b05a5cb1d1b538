import { isTransient, problemOf } from "./problem.js";
/** Return an interceptor that repeats unary calls which no server could answer (UNAVAILABLE). */
export function retries({ attempts = 3, longestPauseMs = 2500 } = {}) {
    return (next) => async (request) => {
        for (let attempt = 1;; attempt++) {
            try {
                return await next(request);
            }
            catch (error) {
                const minimumMs = problemOf(error).retryAfterMs ?? 0;
                if (request.stream || !isTransient(error) || attempt >= attempts || minimumMs > longestPauseMs)
                    throw error;
                await pause(pauseMs(attempt, longestPauseMs, minimumMs), request.signal);
            }
        }
    };
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
