import type { Pages } from "../state/pages.js";
import { ProblemNote } from "../ui/index.js";

/** A button that loads older items, and the reason when loading failed. */
export function OlderButton({ pages, what }: { pages: Pages<unknown, unknown>; what: string }) {
  return (
    <>
      {pages.problem && <ProblemNote problem={pages.problem} old />}
      {pages.more && (
        <p class="older">
          <button type="button" class="button" disabled={pages.fetching} onClick={pages.older}>
            {pages.fetching ? `Loading older ${what}` : `Load older ${what}`}
          </button>
        </p>
      )}
    </>
  );
}
