import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { live } from "../../state/live.js";
import { wide } from "../../state/screen.js";
import { layout } from "../../state/settings.js";
import { Empty, Panel, ROW_DIMENSIONS, Sliding, Terms } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { Card } from "./card.js";
import { Chips } from "./chips.js";
import { clearFilters, holdOrder, selection } from "./selection.js";
import { Table } from "./table.js";
import { Toolbar } from "./toolbar.js";

/** The rows of all symbols as cards or as a table, sorted and filtered. `narrow` is the list next to a symbol's page. */
export function Scores({ narrow = false }: { narrow?: boolean }) {
  const { dashboard } = live.value;
  return (
    <Panel
      title={t().scores.title}
      term="score"
      provenance={dashboard?.provenance}
      heardMs={dashboard?.heardMs}
      problem={dashboard ? undefined : live.value.problem}
      waiting={!dashboard}
      action={<Count />}
      class="scores"
    >
      <Chips />
      <Toolbar />
      <Rows narrow={narrow} />
    </Panel>
  );
}

function Count() {
  const { rows, total } = selection.value;
  if (total === 0) return null;
  return (
    <span class="faint" role="status">
      {t().scores.of(rows.length, total)}
    </span>
  );
}

/** The rows. Only those that changed render again. */
function Rows({ narrow }: { narrow: boolean }) {
  const { rows, symbols } = selection.value;
  const asTable = narrow || layout.value === "table" || (layout.value === "auto" && wide.value);
  const [shown, endRef] = useGrowing(rows.length);
  const some = rows.slice(0, shown);
  return (
    <div class="rows" onPointerDown={holdOrder}>
      {rows.length === 0 && <NothingMatches />}
      <Sliding order={symbols} items=".score-card, tbody > tr">
        {rows.length > 0 && asTable && <Table rows={some} />}
        {rows.length > 0 && !asTable && (
          <ul class="score-cards">
            {some.map((row) => (
              <Card key={row.symbol} row={row} />
            ))}
          </ul>
        )}
      </Sliding>
      <div ref={endRef} />
      {!narrow && <Terms of={ROW_TERMS} />}
    </div>
  );
}

function NothingMatches() {
  const { total, hidden } = selection.value;
  if (total === 0) return <Empty>{t().scores.noSymbols}</Empty>;
  return (
    <div class="empty" role="status">
      <p>{t().scores.noMatch(total)}</p>
      <ul>
        {hidden.map(([filter, count]) => (
          <li key={filter}>{t().scores.hides(filter, count)}</li>
        ))}
      </ul>
      <p class="actions">
        <button type="button" class="button" onClick={clearFilters}>
          {t().scores.showAll}
        </button>
      </p>
    </div>
  );
}

const ROW_TERMS = ["confidence", ...ROW_DIMENSIONS, "funding", "openInterest"] as const;

const FIRST = 9; // more than a phone shows; a short list is drawn sooner
const STEP = 24;
const drawn = signal(FIRST); // not component state, so that the list keeps its length when the user returns

/** Return the number of rows to draw, and the element at their end. The number grows when the end comes near the screen. */
function useGrowing(total: number) {
  const shown = drawn.value;
  const endRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown >= total || !endRef.current) return undefined;
    const near = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) drawn.value = shown + STEP;
      },
      { rootMargin: "200px" },
    );
    near.observe(endRef.current);
    return () => near.disconnect();
  }, [shown, total]);
  return [shown, endRef] as const;
}
