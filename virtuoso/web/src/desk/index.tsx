import { computed } from "@preact/signals";
import { type ComponentType, Fragment, createElement } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { lazyPage } from "../lazy_page.js";
import { live } from "../state/live.js";
import { symbolAt } from "../state/router.js";
import { isSelectable, keepSelected, select } from "../state/selected.js";
import { MarketSide, NoData } from "../tabs/dashboard/index.js";
import { Scores } from "../tabs/dashboard/scores.js";
import { selection } from "../tabs/dashboard/selection.js";
import { t } from "../texts/index.js";
import { Findings } from "./findings.js";
import { DEFAULT, PANEL_IDS, type PanelId, type PartId, elementId, layout, toggled, visibleRows } from "./layout.js";
import { SelectedBreakdown, SelectedChart } from "./selected_symbol.js";
import { Separator } from "./separator.js";
import "../styles/lists.css";
import "../styles/symbol.css";
import "../styles/desk.css";

const PANELS: Readonly<Record<PanelId, ComponentType>> = {
  scores: () => <Scores />,
  heatmap: lazyPage(() => import("./heatmap.js")),
  market: MarketSide,
  chart: SelectedChart,
  breakdown: SelectedBreakdown,
  findings: Findings,
};

const hasData = computed(() => live.value.dashboard !== undefined);

/** The dashboard of a desktop: panels side by side, which can be resized, hidden and put back. The chart and the breakdown
 * show the selected symbol. */
export default function Desk() {
  useEffect(() => keepSelected(() => selection.value.symbols[0]), []);
  const { sizes } = layout.value;
  const size = (part: PartId) => ({ flexGrow: String(sizes[part]) });
  if (!hasData.value) return <NoData />;
  return (
    <div class="desk" onClickCapture={selectClicked} onFocusIn={selectFocused}>
      <h1 class="visually-hidden">{t().shell.tabs.dashboard}</h1>
      <PanelChoice />
      {visibleRows(layout.value).map(([row, ids], place) => (
        <Fragment key={row}>
          {place > 0 && <Separator before="top" after="bottom" orientation="horizontal" />}
          <div class="desk-row" id={elementId(row)} style={size(row)}>
            {ids.map((id, at) => (
              <Fragment key={id}>
                {at > 0 && <Separator before={ids[at - 1] ?? id} after={id} orientation="vertical" />}
                <div class="desk-part" id={elementId(id)} style={size(id)}>
                  <PanelOf id={id} />
                </div>
              </Fragment>
            ))}
          </div>
        </Fragment>
      ))}
    </div>
  );
}

/** A panel. A change of its size does not render it again. */
function PanelOf({ id }: { id: PanelId }) {
  return useMemo(() => createElement(PANELS[id], null), [id]);
}

/** The choice of the panels. */
function PanelChoice() {
  const { hidden } = layout.value;
  return (
    <div class="desk-bar" role="group" aria-label={t().desk.panels}>
      {PANEL_IDS.map((id) => (
        <button
          type="button"
          key={id}
          class="chip"
          aria-pressed={!hidden.includes(id)}
          onClick={() => {
            layout.value = toggled(layout.peek(), id);
          }}
        >
          {t().desk.parts[id]}
        </button>
      ))}
      <button
        type="button"
        class="chip"
        onClick={() => {
          layout.value = DEFAULT;
        }}
      >
        {t().desk.reset}
      </button>
    </div>
  );
}

function linkAt(target: EventTarget | null): HTMLAnchorElement | null {
  return target instanceof Element ? target.closest<HTMLAnchorElement>("a.symbol") : null;
}

/** Select the symbol of a clicked link. A double click opens its page, and so do the Enter key and a click on a symbol without
 * a score. */
function selectClicked(event: MouseEvent): void {
  const link = linkAt(event.target);
  const symbol = link && symbolAt(link.pathname);
  const isPlain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!symbol || !isPlain || event.detail !== 1 || link.closest("dialog") || !isSelectable(symbol)) return;
  event.preventDefault();
  event.stopPropagation();
  select(symbol);
}

/** Select the symbol of the row that has the focus. */
function selectFocused({ target }: FocusEvent): void {
  const link = linkAt(target);
  const symbol = link?.closest(".rows") && symbolAt(link.pathname);
  if (symbol) select(symbol);
}
