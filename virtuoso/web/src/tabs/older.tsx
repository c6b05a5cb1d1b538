import type { Pages } from "../state/pages.js";
import { ProblemNote } from "../ui/index.js";

/** A button that loads older items, and the reason when loading failed. */
export function OlderButton(props: {
  pages: Pages<unknown, unknown>;
  /** The text of the button before a tap, and while older items are loaded. */
  words: readonly [load: string, loading: string];
}) {
  const { pages, words } = props;
  return (
    <>
      {pages.problem && <ProblemNote problem={pages.problem} old />}
      {pages.more && (
        <p class="older">
          <button type="button" class="button" disabled={pages.fetching} onClick={pages.older}>
            {words[Number(pages.fetching)]}
          </button>
        </p>
      )}
    </>
  );
}
