import type { Interceptor } from "@connectrpc/connect";
import { isTransient, problemOf } from "./problem.js";

/** How calls are repeated. */
export interface RetryPolicy {
  /** The number of calls, including the first. Default 3. With 1, no call is repeated. */
  readonly attempts?: number;
  /** The longest pause before a call, milliseconds. Default 2500. When the service asks for a longer one, the call fails. */
  readonly longestPauseMs?: number;
}

/** Return an interceptor that repeats unary calls which no server could answer (UNAVAILABLE). */
export function retries({ attempts = 3, longestPauseMs = 2500 }: RetryPolicy = {}): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (error) {
        const minimumMs = problemOf(error).retryAfterMs ?? 0;
        if (request.stream || !isTransient(error) || attempt >= attempts || minimumMs > longestPauseMs) throw error;
        await pause(pauseMs(attempt, longestPauseMs, minimumMs), request.signal);
      }
    }
  };
}

/** Return the pause after attempt number `attempt`, milliseconds. It doubles with each attempt up to `longest`, and is at least
 * `minimum`, which the service asked for. Jitter spreads the calls of many clients after a server restarts. */
export function pauseMs(attempt: number, longest: number, minimum: number): number {
  const jitter = Math.random();
  return Math.max(minimum * (1 + jitter / 4), Math.min(longest, 100 * 2 ** attempt) * (1 - jitter / 2));
}

/** Wait for `ms` milliseconds, or until `signal` is aborted or "wake" is dispatched on `wake`. */
export function pause(ms: number, signal: AbortSignal, wake?: EventTarget): Promise<void> {
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
