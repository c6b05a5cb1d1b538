import { isTransient, type Problem, problemOf } from "./problem.js";
import { pause, pauseMs } from "./retry.js";

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
export type Followed<T> = { readonly message: T } | { readonly lost: Problem; readonly retryInMs: number };

const TRUSTED_SILENCE_MS = 15_000; // longer than the usual interval of heartbeats, 10 s

/** Yield the messages of a stream forever. After each loss, `open` is called again and resumes the stream. An error that a retry
 * cannot fix, such as INVALID_ARGUMENT, is thrown. After any other error the stream is opened again. */
export async function* follow<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { signal = new AbortController().signal, silenceMs = 35_000, longestPauseMs = 5000, wake }: FollowOptions = {},
): AsyncGenerator<Followed<T>> {
  const ended = (): boolean => signal.aborted; // a function, because the compiler would assume that a property stays false
  let failures = 0;
  while (!ended()) {
    let lost: Problem;
    const attempt = new Attempt(signal, silenceMs, wake);
    try {
      for await (const message of open(attempt.signal)) {
        attempt.received();
        failures = 0;
        yield { message };
      }
      lost = SERVER_ENDED;
    } catch (error) {
      if (ended()) return;
      if (!attempt.silent && isFinal(error)) throw error;
      lost = attempt.silent ? SILENT : problemOf(error);
    } finally {
      attempt.end();
    }
    failures += 1;
    const retryInMs = pauseMs(failures, longestPauseMs, lost.retryAfterMs ?? 0);
    yield { lost, retryInMs };
    await pause(retryInMs, signal, wake);
  }
}

/** One call for the stream. It is aborted by the caller, by silence, or by "wake" after a doubtful silence. */
class Attempt {
  silent = false;
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #silenceMs: number;
  readonly #wake: EventTarget | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #receivedMs = Date.now();

  constructor(outer: AbortSignal, silenceMs: number, wake: EventTarget | undefined) {
    this.#outer = outer;
    this.#silenceMs = silenceMs;
    this.#wake = wake;
    outer.addEventListener("abort", this.#stop);
    wake?.addEventListener("wake", this.#checkAfterWake);
    this.received();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  received(): void {
    this.#receivedMs = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#giveUp, this.#silenceMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#stop);
    this.#wake?.removeEventListener("wake", this.#checkAfterWake);
    this.#controller.abort();
  }

  readonly #stop = () => this.#controller.abort();

  readonly #giveUp = () => {
    this.silent = true;
    this.#controller.abort();
  };

  readonly #checkAfterWake = () => {
    if (Date.now() - this.#receivedMs > Math.min(TRUSTED_SILENCE_MS, this.#silenceMs)) this.#giveUp();
  };
}

const NO_DETAILS = {
  code: "unavailable",
  reason: undefined,
  retryAfterMs: undefined,
  fields: [],
  requestId: undefined,
};
const SERVER_ENDED: Problem = { ...NO_DETAILS, message: "the stream ended" };
const SILENT: Problem = { ...NO_DETAILS, message: "no message came for too long" };

// The codes of errors that a retry cannot fix.
const FINAL = new Set(["invalid_argument", "unimplemented", "permission_denied", "unauthenticated", "not_found"]);

function isFinal(error: unknown): boolean {
  return !isTransient(error) && FINAL.has(problemOf(error).code);
}
