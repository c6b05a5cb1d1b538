import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type ReadonlySignal, effect, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type Problem, problemOf } from "virtuoso-market";
import { loadReply, saveReply } from "./reply_store.js";
import { live, snapshotId } from "./live.js";

/** The last successful reply to a call, and why there is no newer one. */
export interface Answer<Reply> {
  readonly reply: Reply | undefined;
  /** When `reply` arrived, by this device's clock, epoch milliseconds. Undefined without a reply. */
  readonly heardMs: number | undefined;
  /** Why the last call failed. Undefined when it succeeded. */
  readonly problem: Problem | undefined;
  /** True until the first call has succeeded or failed. */
  readonly waiting: boolean;
}

const MIN_INTERVAL_MS = 10_000;
const RETRY_INTERVAL_MS = 2000;
const SAVE_INTERVAL_MS = 5000;

/** Return the answer to a unary call while the component is on the screen. Calls with the same `key` are the same call.
 *
 * A reply that is stored on this device is shown at once. The call is made when the component appears. It is repeated with a
 * new snapshot or a new connection, at most every `minIntervalMs`. It has no timer, so an unchanged market causes no calls.
 * An empty key makes no call. `due` returns false while the current reply shows that a new one would contain nothing new. */
export function useQuery<Desc extends DescMessage>(
  key: string,
  schema: Desc,
  call: (signal: AbortSignal) => Promise<MessageShape<Desc>>,
  minIntervalMs = MIN_INTERVAL_MS,
  due: (reply: MessageShape<Desc>) => boolean = () => true,
): ReadonlySignal<Answer<MessageShape<Desc>>> {
  const answer = useMemo(
    () => signal<Answer<MessageShape<Desc>>>(UNANSWERED),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another key is another call, without an answer yet
    [key],
  );
  useEffect(() => {
    if (!key) return undefined;
    const unmounted = new AbortController();
    let calledMs = 0;
    let savedMs = 0;
    let calling = false;
    const ask = async () => {
      calling = true;
      calledMs = Date.now();
      const askedId = snapshotId.peek();
      try {
        const reply = await call(unmounted.signal);
        answer.value = { reply, heardMs: Date.now(), problem: undefined, waiting: false };
        if (Date.now() - savedMs >= SAVE_INTERVAL_MS) {
          savedMs = Date.now();
          void saveReply(key, schema, reply, savedMs);
        }
      } catch (error) {
        if (!unmounted.signal.aborted) answer.value = { ...answer.peek(), problem: problemOf(error), waiting: false };
      } finally {
        calling = false;
        if (askedId !== snapshotId.peek() && !unmounted.signal.aborted) askIfDue();
      }
    };
    const askIfDue = () => {
      const connected = snapshotId.value !== undefined && live.value.connection === "live";
      const { reply, problem } = answer.peek();
      const sinceMs = Date.now() - calledMs;
      const overdue = problem ? sinceMs >= RETRY_INTERVAL_MS : sinceMs >= minIntervalMs && (!reply || due(reply));
      if (connected && overdue && !calling) void ask();
    };
    void loadReply(key, schema).then((stored) => {
      if (stored && !answer.peek().reply && !unmounted.signal.aborted) {
        answer.value = { ...answer.peek(), reply: stored.message, heardMs: stored.heardMs };
      }
    });
    void ask();
    const stop = effect(askIfDue);
    return () => {
      stop();
      unmounted.abort();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key identifies the call and its arguments
  }, [key]);
  return answer;
}

const UNANSWERED = { reply: undefined, heardMs: undefined, problem: undefined, waiting: true };
