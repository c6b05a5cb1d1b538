import { isTransient, type Problem, problemOf } from "./problem.js";
import { pause, pauseMs } from "./retry.js";

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
export type Followed<T> = { readonly message: T } | { readonly lost: Problem; readonly retryInMs: number };

const TRUSTED_MS = 15_000; // longer than the service's usual heartbeat of 10 s

/** Messages of the stream that `open` opens, again and again, each time from where it was: `open` knows. What is asked for
 * wrongly (INVALID_ARGUMENT and its like) is thrown; everything else is tried again for ever. */
export async function* follow<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { signal = new AbortController().signal, silenceMs = 35_000, longestPauseMs = 5000, wake }: FollowOptions = {},
): AsyncGenerator<Followed<T>> {
  const ended = (): boolean => signal.aborted; // a function: the compiler takes a property that it has seen false to stay so
  let failures = 0;
  while (!ended()) {
    let lost: Problem;
    const attempt = new Attempt(signal, silenceMs, wake);
    try {
      for await (const message of open(attempt.signal)) {
        attempt.heard();
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

/** One opening of the stream: aborted with the whole, by silence, or by a wake-up after doubtful silence. */
class Attempt {
  silent = false;
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #silenceMs: number;
  readonly #wake: EventTarget | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = Date.now();

  constructor(outer: AbortSignal, silenceMs: number, wake: EventTarget | undefined) {
    this.#outer = outer;
    this.#silenceMs = silenceMs;
    this.#wake = wake;
    outer.addEventListener("abort", this.#stop);
    wake?.addEventListener("wake", this.#doubt);
    this.heard();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#last = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#giveUp, this.#silenceMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#stop);
    this.#wake?.removeEventListener("wake", this.#doubt);
    this.#controller.abort();
  }

  readonly #stop = () => this.#controller.abort();

  readonly #giveUp = () => {
    this.silent = true;
    this.#controller.abort();
  };

  readonly #doubt = () => {
    if (Date.now() - this.#last > Math.min(TRUSTED_MS, this.#silenceMs)) this.#giveUp();
  };
}

const UNHEARD = { code: "unavailable", reason: undefined, retryAfterMs: undefined, fields: [], requestId: undefined };
const SERVER_ENDED: Problem = { ...UNHEARD, message: "the stream ended" };
const SILENT: Problem = { ...UNHEARD, message: "nothing was heard for too long" };

// What will fail the same way again.
const FINAL = new Set(["invalid_argument", "unimplemented", "permission_denied", "unauthenticated", "not_found"]);

function isFinal(error: unknown): boolean {
  return !isTransient(error) && FINAL.has(problemOf(error).code);
}
