import { useState } from "preact/hooks";
import { LAYOUTS, SORTS, ascending, layout, minScore, sort } from "../../state/settings.js";
import { t } from "../../texts/index.js";
import { Icon, Segmented, Sheet } from "../../ui/index.js";
import { searchOpen } from "../../search.js";
import { clearFilters, selection, sortBy } from "./selection.js";

/** The search, and a sheet for sorting and filtering. On phones they are above the tab bar. */
export function Toolbar() {
  const [open, setOpen] = useState(false);
  const filtered = minScore.value > 0;
  const field = t().scores.fields[sort.value];
  return (
    <div class="toolbar" role="search">
      <button
        type="button"
        class="button search-button"
        aria-haspopup="dialog"
        onClick={() => {
          searchOpen.value = true;
        }}
      >
        <Icon name="search" />
        {t().search.title}
      </button>
      <button
        type="button"
        class={`button ${filtered ? "chosen" : ""}`}
        aria-haspopup="dialog"
        aria-label={t().scores.sortedBy(field, ascending.value)}
        onClick={() => setOpen(true)}
      >
        <Icon name="filter" />
        <span aria-hidden="true">
          {t().scores.short[sort.value]} {ascending.value ? "↑" : "↓"}
          {filtered && ` ≥ ${minScore.value}`}
        </span>
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title={t().scores.sortAndFilter}>
        <SortAndFilter onDone={() => setOpen(false)} />
      </Sheet>
    </div>
  );
}

function SortAndFilter({ onDone }: { onDone: () => void }) {
  const { rows, total } = selection.value;
  return (
    <div class="form">
      <MinScore />
      <fieldset>
        <legend>{t().scores.sortBy}</legend>
        <div class="choices">
          {SORTS.map((field) => (
            <button
              type="button"
              key={field}
              class="button"
              aria-pressed={sort.value === field}
              onClick={() => sortBy(field)}
            >
              {t().scores.fields[field]}
              {sort.value === field && (
                <span>
                  <span aria-hidden="true">{ascending.value ? "↑" : "↓"}</span>
                  <span class="visually-hidden">
                    {ascending.value ? t().scores.lowestFirst : t().scores.highestFirst}
                  </span>
                </span>
              )}
            </button>
          ))}
        </div>
        <p class="faint">{t().scores.reverse}</p>
      </fieldset>
      <LayoutChoice />
      <p class="actions">
        <button type="button" class="button" onClick={clearFilters}>
          {t().scores.clear}
        </button>
        <button type="button" class="button chosen" onClick={onDone}>
          {t().scores.show(rows.length, total)}
        </button>
      </p>
    </div>
  );
}

/** The choice of the minimum score. */
export function MinScore() {
  const minimum = minScore.value;
  return (
    <label class="row">
      <span>
        {t().scores.minimum} <b>{minimum > 0 ? minimum : t().scores.none}</b>
      </span>
      <input
        type="range"
        min="0"
        max="95"
        step="5"
        value={minimum}
        aria-valuetext={minimum > 0 ? String(minimum) : t().scores.none}
        onInput={(event) => {
          minScore.value = Number(event.currentTarget.value);
        }}
      />
    </label>
  );
}

/** The choice between cards and a table. */
export function LayoutChoice() {
  return (
    <fieldset>
      <legend>{t().scores.layout}</legend>
      <Segmented
        label={t().scores.layout}
        options={LAYOUTS.map((one) => [one, t().scores.layouts[one]] as const)}
        value={layout.value}
        onChange={(chosen) => {
          layout.value = chosen;
        }}
      />
    </fieldset>
  );
}
