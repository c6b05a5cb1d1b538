import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { type Listing, PagedList } from "../src/state/paged_list.js";
import type { Answer } from "../src/state/query.js";
import { unavailable } from "./market.js";

interface Page {
  readonly numbers: readonly number[];
  readonly next: string;
}

const page = (numbers: readonly number[], next = ""): Page => ({ numbers, next });

function listingOf(call: Listing<Page, number>["call"]): Listing<Page, number> {
  return { call, items: ({ numbers }) => numbers, next: ({ next }) => next, id: String, rank: (number) => number };
}

const noCall = () => Promise.reject(new Error("not called"));

test("items that newer ones push off the first page stay, newest first, each once", () => {
  const list = new PagedList(listingOf(noCall));
  const answer = signal({ reply: page([3, 2, 1], "a") } as Answer<Page>);
  const stop = list.follow(answer);
  answer.value = { ...answer.value, reply: page([5, 4, 3], "b") };
  expect(list.items.value).toEqual([5, 4, 3, 2, 1]);
  stop();
  answer.value = { ...answer.value, reply: page([6]) };
  expect(list.items.value).toEqual([5, 4, 3, 2, 1]);
});

test("older pages are fetched one after the other, until there is none", async () => {
  const tokens: string[] = [];
  const list = new PagedList(
    listingOf((token) => {
      tokens.push(token);
      return Promise.resolve(token === "a" ? page([2], "b") : page([1]));
    }),
  );
  list.addNewest(page([3], "a"));
  await list.fetchOlder();
  list.addNewest(page([4], "x")); // does not lead back to what is known already
  await list.fetchOlder();
  await list.fetchOlder();
  expect([tokens, list.items.value]).toEqual([
    ["a", "b"],
    [4, 3, 2, 1],
  ]);
});

test("a page that did not come is a problem, and can be asked for again", async () => {
  let fails = true;
  const list = new PagedList(listingOf(() => (fails ? Promise.reject(unavailable()) : Promise.resolve(page([1])))));
  list.addNewest(page([2], "a"));
  await list.fetchOlder();
  expect(list.state.value).toMatchObject({ fetching: false, problem: { code: "unavailable" } });
  fails = false;
  await list.fetchOlder();
  expect(list.state.value).toEqual({ fetching: false, problem: undefined });
  expect(list.items.value).toEqual([2, 1]);
});
