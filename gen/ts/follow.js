import { isTransient, problemOf } from "./problem.js";
import { pause, pauseMs } from "./retry.js";
const TRUSTED_SILENCE_MS = 15_000; // longer than the usual interval of heartbeats, 10 s
/** Yield the messages of a stream forever. After each loss, `open` is called again and resumes the stream. An error that a retry
 * cannot fix, such as INVALID_ARGUMENT, is thrown. After any other error the stream is opened again. */
export async function* follow(open, { signal = new AbortController().signal, silenceMs = 35_000, longestPauseMs = 5000, wake } = {}) {
    const ended = () => signal.aborted; // a function, because the compiler would assume that a property stays false
    let failures = 0;
    while (!ended()) {
        let lost;
        const attempt = new Attempt(signal, silenceMs, wake);
        try {
            for await (const message of open(attempt.signal)) {
                attempt.received();
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
/** One call for the stream. It is aborted by the caller, by silence, or by "wake" after a doubtful silence. */
class Attempt {
    silent = false;
    #controller = new AbortController();
    #outer;
    #silenceMs;
    #wake;
    #timer;
    #receivedMs = Date.now();
    constructor(outer, silenceMs, wake) {
        this.#outer = outer;
        this.#silenceMs = silenceMs;
        this.#wake = wake;
        outer.addEventListener("abort", this.#stop);
        wake?.addEventListener("wake", this.#checkAfterWake);
        this.received();
    }
    get signal() {
        return this.#controller.signal;
    }
    received() {
        this.#receivedMs = Date.now();
        clearTimeout(this.#timer);
        this.#timer = setTimeout(this.#giveUp, this.#silenceMs);
    }
    end() {
        clearTimeout(this.#timer);
        this.#outer.removeEventListener("abort", this.#stop);
        this.#wake?.removeEventListener("wake", this.#checkAfterWake);
        this.#controller.abort();
    }
    #stop = () => this.#controller.abort();
    #giveUp = () => {
        this.silent = true;
        this.#controller.abort();
    };
    #checkAfterWake = () => {
        if (Date.now() - this.#receivedMs > Math.min(TRUSTED_SILENCE_MS, this.#silenceMs))
            this.#giveUp();
    };
}
const NO_DETAILS = {
    code: "unavailable",
    reason: undefined,
    retryAfterMs: undefined,
    fields: [],
    requestId: undefined,
};
const SERVER_ENDED = { ...NO_DETAILS, message: "the stream ended" };
const SILENT = { ...NO_DETAILS, message: "no message came for too long" };
// The codes of errors that a retry cannot fix.
const FINAL = new Set(["invalid_argument", "unimplemented", "permission_denied", "unauthenticated", "not_found"]);
function isFinal(error) {
    return !isTransient(error) && FINAL.has(problemOf(error).code);
}
