import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { live } from "../../state/live.js";
import { wide } from "../../state/screen.js";
import { density } from "../../state/settings.js";
import { Empty, Panel } from "../../ui/index.js";
import { Card } from "./card.js";
import { choice, clearFilters, hold } from "./choice.js";
import { Table } from "./table.js";
import { Toolbar } from "./toolbar.js";

/** All scored symbols, sorted and filtered as this device remembers, as cards or as a table. `narrow`: beside a page. */
export function Scores({ narrow = false }: { narrow?: boolean }) {
  const { dashboard } = live.value;
  return (
    <Panel
      title="Confluence"
      provenance={dashboard?.provenance}
      heardMs={dashboard?.heardMs}
      problem={dashboard ? undefined : live.value.problem}
      waiting={!dashboard}
      action={<Count />}
      class="scores"
    >
      <Toolbar />
      <Rows narrow={narrow} />
    </Panel>
  );
}

function Count() {
  const { rows, total } = choice.value;
  if (total === 0) return null;
  return (
    <span class="faint" role="status">
      {rows.length} of {total}
    </span>
  );
}

/** Follows the choice only: a sign of life without news changes nothing here. */
function Rows({ narrow }: { narrow: boolean }) {
  const { rows } = choice.value;
  const asTable = narrow || density.value === "table" || (density.value === "auto" && wide.value);
  const [shown, endRef] = useGrowing(rows.length);
  const some = rows.slice(0, shown);
  return (
    <div class="rows" onPointerDown={hold}>
      {rows.length === 0 && <NothingMatches />}
      {rows.length > 0 && asTable && <Table rows={some} />}
      {rows.length > 0 && !asTable && (
        <ul class="score-cards">
          {some.map((row) => (
            <Card key={row.symbol} row={row} />
          ))}
        </ul>
      )}
      <div ref={endRef} />
    </div>
  );
}

function NothingMatches() {
  const { total, hidden } = choice.value;
  if (total === 0) return <Empty>The data holds no symbol.</Empty>;
  return (
    <div class="empty" role="status">
      <p>Nothing matches. Of {total} symbols</p>
      <ul>
        {hidden.map(([filter, count]) => (
          <li key={filter}>
            {filter} hides {count}
          </li>
        ))}
      </ul>
      <p class="actions">
        <button type="button" class="button" onClick={clearFilters}>
          Show all
        </button>
      </p>
    </div>
  );
}

const FIRST = 12; // what a phone shows, and a little more: the first picture comes sooner
const STEP = 24;
const drawn = signal(FIRST); // outlives the component: whoever comes back finds the list as long as it was

/** Return how many rows are drawn, and the element at their end. There are more as the end comes near the screen. */
function useGrowing(total: number) {
  const shown = drawn.value;
  const endRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown >= total || !endRef.current) return undefined;
    const near = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) drawn.value = shown + STEP;
      },
      { rootMargin: "800px" },
    );
    near.observe(endRef.current);
    return () => near.disconnect();
  }, [shown, total]);
  return [shown, endRef] as const;
}
