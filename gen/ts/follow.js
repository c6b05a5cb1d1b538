import { isTransient, problemOf } from "./problem.js";
import { pause, pauseMs } from "./retry.js";
const TRUSTED_MS = 15_000; // longer than the service's usual heartbeat of 10 s
/** Messages of the stream that `open` opens, again and again, each time from where it was: `open` knows. What is asked for
 * wrongly (INVALID_ARGUMENT and its like) is thrown; everything else is tried again for ever. */
export async function* follow(open, { signal = new AbortController().signal, silenceMs = 35_000, longestPauseMs = 5000, wake } = {}) {
    const ended = () => signal.aborted; // a function: the compiler takes a property that it has seen false to stay so
    let failures = 0;
    while (!ended()) {
        let lost;
        const attempt = new Attempt(signal, silenceMs, wake);
        try {
            for await (const message of open(attempt.signal)) {
                attempt.heard();
                failures = 0;
                yield { message };
            }
            lost = SERVER_ENDED;
        }
        catch (error) {
            if (ended())
                return;
            if (!attempt.silent && isFinal(error))
                throw error;
            lost = attempt.silent ? SILENT : problemOf(error);
        }
        finally {
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
    #controller = new AbortController();
    #outer;
    #silenceMs;
    #wake;
    #timer;
    #last = Date.now();
    constructor(outer, silenceMs, wake) {
        this.#outer = outer;
        this.#silenceMs = silenceMs;
        this.#wake = wake;
        outer.addEventListener("abort", this.#stop);
        wake?.addEventListener("wake", this.#doubt);
        this.heard();
    }
    get signal() {
        return this.#controller.signal;
    }
    heard() {
        this.#last = Date.now();
        clearTimeout(this.#timer);
        this.#timer = setTimeout(this.#giveUp, this.#silenceMs);
    }
    end() {
        clearTimeout(this.#timer);
        this.#outer.removeEventListener("abort", this.#stop);
        this.#wake?.removeEventListener("wake", this.#doubt);
        this.#controller.abort();
    }
    #stop = () => this.#controller.abort();
    #giveUp = () => {
        this.silent = true;
        this.#controller.abort();
    };
    #doubt = () => {
        if (Date.now() - this.#last > Math.min(TRUSTED_MS, this.#silenceMs))
            this.#giveUp();
    };
}
const UNHEARD = { code: "unavailable", reason: undefined, retryAfterMs: undefined, fields: [], requestId: undefined };
const SERVER_ENDED = { ...UNHEARD, message: "the stream ended" };
const SILENT = { ...UNHEARD, message: "nothing was heard for too long" };
// What will fail the same way again.
const FINAL = new Set(["invalid_argument", "unimplemented", "permission_denied", "unauthenticated", "not_found"]);
function isFinal(error) {
    return !isTransient(error) && FINAL.has(problemOf(error).code);
}
