import type { Interceptor } from "@connectrpc/connect";
import { isTransient, problemOf } from "./problem.js";

/** How patient calls are. */
export interface RetryPolicy {
  /** Calls in all, the first one included. Default 3; 1 for no second one. */
  readonly attempts?: number;
  /** The longest pause before a second call, milliseconds. Default 2500. A service that asks for more gets no further call. */
  readonly longestPauseMs?: number;
}

/** Calls again what no server could answer (UNAVAILABLE), and nothing else: streams resume by themselves. */
export function retries({ attempts = 3, longestPauseMs = 2500 }: RetryPolicy = {}): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (error) {
        const asked = problemOf(error).retryAfterMs ?? 0;
        if (request.stream || !isTransient(error) || attempt >= attempts || asked > longestPauseMs) throw error;
        await pause(pauseMs(attempt, longestPauseMs, asked), request.signal);
      }
    }
  };
}

/** A pause before attempt `attempt` + 1, milliseconds: doubled each time up to `longest`, at least what the service `asked`
 * for, with jitter so that the clients of a server that comes back do not all come at once. */
export function pauseMs(attempt: number, longest: number, asked: number): number {
  const jitter = Math.random();
  return Math.max(asked * (1 + jitter / 4), Math.min(longest, 100 * 2 ** attempt) * (1 - jitter / 2));
}

/** Wait. Ends at once when `signal` is aborted, or "wake" is dispatched on `wake`. */
export function pause(ms: number, signal: AbortSignal, wake?: EventTarget): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      wake?.removeEventListener("wake", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) {
      done();
      return;
    }
    signal.addEventListener("abort", done);
    wake?.addEventListener("wake", done);
  });
}
