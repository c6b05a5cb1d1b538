import type { Pages } from "../state/pages.js";
import { ProblemNote } from "../ui/index.js";

/** A button that fetches what lies further back, and what came of it. */
export function Older({ pages, what }: { pages: Pages<unknown, unknown>; what: string }) {
  return (
    <>
      {pages.problem && <ProblemNote problem={pages.problem} old />}
      {pages.more && (
        <p class="older">
          <button type="button" class="button" disabled={pages.fetching} onClick={pages.older}>
            {pages.fetching ? `Fetching older ${what}` : `Older ${what}`}
          </button>
        </p>
      )}
    </>
  );
}
