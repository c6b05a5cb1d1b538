import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type ReadonlySignal, effect, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type Problem, type Provenance, problemOf } from "virtuoso-market";
import { keep, recall } from "./archive.js";
import { live, snapshotId } from "./live.js";

/** What is known of a reply: the last good one with its time, and why there is no newer one. */
export interface Answer<T> {
  readonly reply: T | undefined;
  /** This device's clock when `reply` came, epoch milliseconds; undefined with it. */
  readonly heardMs: number | undefined;
  /** Why the last call failed; undefined when it did not. */
  readonly problem: Problem | undefined;
  /** True until the first answer, of whichever kind. */
  readonly waiting: boolean;
}

/** Replies in this page say where they came from. */
type Reply = { readonly provenance?: Provenance };

const NOT_SOONER_MS = 10_000;

/** The reply to a unary call, shown at once from what this device has, asked for again with a new snapshot (at most every
 * `notSoonerMs`) and when the connection is back, while the component is on the screen. No timer asks: a market that stands
 * still is not asked about; nor, where `due` is given, while it says that there is nothing new to be had. `key` names it:
 * calls with the same key are the same call. */
export function useQuery<Desc extends DescMessage>(
  key: string,
  schema: Desc,
  call: (signal: AbortSignal) => Promise<MessageShape<Desc> & Reply>,
  notSoonerMs = NOT_SOONER_MS,
  due: (reply: MessageShape<Desc>) => boolean = () => true,
): ReadonlySignal<Answer<MessageShape<Desc> & Reply>> {
  type Kept = Answer<MessageShape<Desc> & Reply>;
  const answer = useMemo(
    () => signal<Kept>({ reply: undefined, heardMs: undefined, problem: undefined, waiting: true }),
    [key],
  );
  useEffect(() => {
    const gone = new AbortController();
    let askedMs = 0;
    let asking = false;
    const ask = async () => {
      asking = true;
      askedMs = Date.now();
      try {
        const reply = await call(gone.signal);
        answer.value = { reply, heardMs: Date.now(), problem: undefined, waiting: false };
        void keep(key, schema, reply as never, Date.now());
      } catch (error) {
        if (!gone.signal.aborted) answer.value = { ...answer.peek(), problem: problemOf(error), waiting: false };
      } finally {
        asking = false;
      }
    };
    void recall(key, schema).then((found) => {
      if (found && !answer.peek().reply && !gone.signal.aborted) {
        answer.value = { ...answer.peek(), reply: found.message as never, heardMs: found.heardMs };
      }
    });
    void ask();
    const stop = effect(() => {
      const fresh = snapshotId.value;
      const connected = live.value.connection === "live";
      const { reply, problem } = answer.peek();
      const overdue = Date.now() - askedMs >= (problem ? 2000 : notSoonerMs) && (problem || !reply || due(reply));
      if (fresh && connected && overdue && !asking) void ask();
    });
    return () => {
      stop();
      gone.abort();
    };
  }, [key]);
  return answer;
}
