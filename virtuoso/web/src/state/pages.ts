import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { useEffect, useMemo } from "preact/hooks";
import type { Problem } from "virtuoso-market";
import { type Listing, PagedList } from "./paged_list.js";
import { type Answer, useQuery } from "./query.js";

/** A list whose newer items arrive automatically. Older items arrive page by page, on request. */
export interface Pages<Reply, Item> {
  /** The answer to the call for the first page. */
  readonly answer: Answer<Reply>;
  /** All received items, newest first, without duplicates, each as last received. */
  readonly items: readonly Item[];
  /** True while the service has older items. */
  readonly more: boolean;
  /** Request the next page of older items. */
  readonly older: () => void;
  /** True while a request for older items is running. */
  readonly fetching: boolean;
  /** Why older items could not be loaded. */
  readonly problem: Problem | undefined;
}

/** Return the list for `key` (see useQuery). An item stays in the list when newer ones push it off the first page. */
export function usePages<Desc extends DescMessage, Item>(
  key: string,
  schema: Desc,
  listing: Listing<MessageShape<Desc>, Item>,
  minIntervalMs?: number,
  due?: (reply: MessageShape<Desc>) => boolean,
): Pages<MessageShape<Desc>, Item> {
  const answer = useQuery(key, schema, (signal) => listing.call("", signal), minIntervalMs, due);
  const list = useMemo(
    () => new PagedList(listing),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key identifies the list; `listing` is new in each render
    [key],
  );
  useEffect(() => list.follow(answer), [list, answer]);
  const older = () => void list.fetchOlder();
  return { answer: answer.value, items: list.items.value, more: !!list.token.value, older, ...list.state.value };
}
