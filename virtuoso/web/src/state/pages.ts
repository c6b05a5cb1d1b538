import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type Problem, type Provenance, problemOf } from "virtuoso-market";
import { type Answer, useQuery } from "./query.js";

/** A list of which newer pages come by themselves and older ones when asked for. */
export interface Pages<Reply, Item> {
  /** Of the first page. */
  readonly answer: Answer<Reply>;
  /** All that was heard, each once, as last heard; newest first. */
  readonly items: readonly Item[];
  /** There is more that lies back. */
  readonly more: boolean;
  readonly older: () => void;
  /** Older ones are being asked for. */
  readonly fetching: boolean;
  /** Why older ones did not come. */
  readonly problem: Problem | undefined;
}

interface Paged {
  readonly provenance?: Provenance;
  readonly nextPageToken: string;
}

/** What a list is made of: its calls, what is in a reply, and what tells an item from others. */
interface Listing<Reply, Item> {
  readonly call: (pageToken: string, signal: AbortSignal) => Promise<Reply>;
  readonly items: (reply: Reply) => readonly Item[];
  readonly id: (item: Item) => string;
  /** Larger is newer. */
  readonly rank: (item: Item) => number;
}

interface Back {
  readonly fetching: boolean;
  readonly problem: Problem | undefined;
}

/** A list in pages under `key` (see useQuery). What falls off the first page as newer items come is not lost. */
export function usePages<Desc extends DescMessage, Item>(
  key: string,
  schema: Desc,
  { call, items, id, rank }: Listing<MessageShape<Desc> & Paged, Item>,
  notSoonerMs?: number,
  due?: (reply: MessageShape<Desc>) => boolean,
): Pages<MessageShape<Desc> & Paged, Item> {
  type Reply = MessageShape<Desc> & Paged;
  const answer = useQuery(key, schema, (signal) => call("", signal), notSoonerMs, due) as ReadonlySignal<Answer<Reply>>;
  const known = useMemo(() => new Known<Reply, Item>(items, id, rank), [key]);
  useEffect(() => () => known.gone.abort(), [known]);
  const { reply } = answer.value;
  if (reply) known.hearNewest(reply);
  const older = () => void known.hearOlder((token) => call(token, known.gone.signal));
  return { answer: answer.value, items: known.all(), more: !!known.token, older, ...known.back.value };
}

class Known<Reply extends Paged, Item> {
  readonly gone = new AbortController();
  readonly back = signal<Back>({ fetching: false, problem: undefined });
  /** Leads to what is older than all that is known; empty at the end. */
  token = "";
  #newest: Reply | undefined;
  #wentBack = false;
  #sorted: readonly Item[] | undefined;
  readonly #byId = new Map<string, Item>();
  readonly #items: (reply: Reply) => readonly Item[];
  readonly #id: (item: Item) => string;
  readonly #rank: (item: Item) => number;

  constructor(items: (reply: Reply) => readonly Item[], id: (item: Item) => string, rank: (item: Item) => number) {
    this.#items = items;
    this.#id = id;
    this.#rank = rank;
  }

  hearNewest(reply: Reply): void {
    if (reply === this.#newest) return;
    this.#newest = reply;
    if (!this.#wentBack) this.token = reply.nextPageToken;
    this.#add(reply);
  }

  async hearOlder(call: (pageToken: string) => Promise<Reply>): Promise<void> {
    if (!this.token || this.back.peek().fetching) return;
    this.back.value = { fetching: true, problem: undefined };
    try {
      const reply = await call(this.token);
      this.#wentBack = true;
      this.token = reply.nextPageToken;
      this.#add(reply);
      this.back.value = { fetching: false, problem: undefined };
    } catch (error) {
      if (!this.gone.signal.aborted) this.back.value = { fetching: false, problem: problemOf(error) };
    }
  }

  all(): readonly Item[] {
    this.#sorted ??= [...this.#byId.values()].sort((a, b) => this.#rank(b) - this.#rank(a));
    return this.#sorted;
  }

  #add(reply: Reply): void {
    for (const item of this.#items(reply)) this.#byId.set(this.#id(item), item);
    this.#sorted = undefined;
  }
}
