import { type ReadonlySignal, computed, effect, signal } from "@preact/signals";
import { type Problem, problemOf } from "virtuoso-market";
import type { Answer } from "./query.js";

/** How a list is fetched, and how its items are identified. */
export interface Listing<Reply, Item> {
  readonly call: (pageToken: string, signal: AbortSignal) => Promise<Reply>;
  readonly items: (reply: Reply) => readonly Item[];
  /** The token of the page after `reply`, empty at the end. */
  readonly next: (reply: Reply) => string;
  readonly id: (item: Item) => string;
  /** A larger rank is newer. */
  readonly rank: (item: Item) => number;
}

/** The items of a list, collected over its replies. */
export class PagedList<Reply, Item> {
  readonly state = signal<{ fetching: boolean; problem: Problem | undefined }>({ fetching: false, problem: undefined });
  /** The token of the page after the oldest item, empty at the end. */
  readonly token = signal("");
  readonly items: ReadonlySignal<readonly Item[]>;
  readonly #byId = signal<ReadonlyMap<string, Item>>(new Map());
  readonly #listing: Listing<Reply, Item>;
  #paged = false;
  #closed = new AbortController();

  constructor(listing: Listing<Reply, Item>) {
    this.#listing = listing;
    this.items = computed(() => [...this.#byId.value.values()].sort((a, b) => listing.rank(b) - listing.rank(a)));
  }

  /** Add each reply for the first page until the returned function is called. */
  follow(answer: ReadonlySignal<Answer<Reply>>): () => void {
    this.#closed = new AbortController();
    const stop = effect(() => {
      const { reply } = answer.value;
      if (reply !== undefined) this.addNewest(reply);
    });
    return () => {
      stop();
      this.#closed.abort();
    };
  }

  addNewest(reply: Reply): void {
    if (!this.#paged) this.token.value = this.#listing.next(reply);
    this.#add(reply);
  }

  async fetchOlder(): Promise<void> {
    if (!this.token.peek() || this.state.peek().fetching) return;
    const { signal: closed } = this.#closed;
    this.state.value = { fetching: true, problem: undefined };
    try {
      const reply = await this.#listing.call(this.token.peek(), closed);
      this.#paged = true;
      this.token.value = this.#listing.next(reply);
      this.#add(reply);
      this.state.value = { fetching: false, problem: undefined };
    } catch (error) {
      if (!closed.aborted) this.state.value = { fetching: false, problem: problemOf(error) };
    }
  }

  #add(reply: Reply): void {
    const byId = new Map(this.#byId.peek());
    for (const item of this.#listing.items(reply)) byId.set(this.#listing.id(item), item);
    this.#byId.value = byId;
  }
}
