import { useState } from "preact/hooks";
import {
  DENSITIES,
  type Density,
  SORTS,
  ascending,
  density,
  minScore,
  onlyWatched,
  search,
  sort,
  watched,
} from "../../state/settings.js";
import { Icon, Segmented, Sheet } from "../../ui/index.js";
import { SORT_NAMES, clearFilters, selection, sortBy } from "./selection.js";

/** The search, the watchlist, and a sheet for sorting and filtering. On phones it is above the tab bar. */
export function Toolbar() {
  const [open, setOpen] = useState(false);
  const filtered = minScore.value > 0;
  return (
    <div class="toolbar" role="search">
      <label class="search">
        <Icon name="search" />
        <span class="visually-hidden">Search symbols</span>
        <input
          class="field"
          type="search"
          placeholder="Search"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          enterkeyhint="search"
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
      </label>
      <button
        type="button"
        class="button square"
        aria-pressed={onlyWatched.value}
        aria-label={`Only the watchlist, ${watched.value.length} symbols`}
        onClick={() => {
          onlyWatched.value = !onlyWatched.value;
        }}
      >
        <Icon name="star" filled={onlyWatched.value} />
      </button>
      <button
        type="button"
        class={`button ${filtered ? "chosen" : ""}`}
        aria-haspopup="dialog"
        aria-label={`Sort and filter: by ${SORT_NAMES[sort.value]}, ${ascending.value ? "lowest" : "highest"} first`}
        onClick={() => setOpen(true)}
      >
        <Icon name="filter" />
        <span aria-hidden="true">
          {SORT_NAMES[sort.value]} {ascending.value ? "↑" : "↓"}
          {filtered && ` ≥ ${minScore.value}`}
        </span>
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title="Sort and filter">
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
        <legend>Sort by</legend>
        <div class="choices">
          {SORTS.map((field) => (
            <button
              type="button"
              key={field}
              class="button"
              aria-pressed={sort.value === field}
              onClick={() => sortBy(field)}
            >
              {SORT_NAMES[field]}
              {sort.value === field && (
                <span>
                  <span aria-hidden="true">{ascending.value ? "↑" : "↓"}</span>
                  <span class="visually-hidden">{ascending.value ? "lowest first" : "highest first"}</span>
                </span>
              )}
            </button>
          ))}
        </div>
        <p class="faint">Choose the same field again to reverse the order.</p>
      </fieldset>
      <DensityChoice />
      <p class="actions">
        <button type="button" class="button" onClick={clearFilters}>
          Clear filters
        </button>
        <button type="button" class="button chosen" onClick={onDone}>
          Show {rows.length} of {total}
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
        Minimum score <b>{minimum > 0 ? minimum : "none"}</b>
      </span>
      <input
        type="range"
        min="0"
        max="95"
        step="5"
        value={minimum}
        aria-valuetext={minimum > 0 ? String(minimum) : "none"}
        onInput={(event) => {
          minScore.value = Number(event.currentTarget.value);
        }}
      />
    </label>
  );
}

const DENSITY_NAMES: Record<Density, string> = { auto: "Automatic", cards: "Cards", table: "Table" };

/** The choice between cards and a table. */
export function DensityChoice() {
  return (
    <fieldset>
      <legend>Layout</legend>
      <Segmented
        label="Layout"
        options={DENSITIES.map((one) => [one, DENSITY_NAMES[one]] as const)}
        value={density.value}
        onChange={(chosen) => {
          density.value = chosen;
        }}
      />
    </fieldset>
  );
}
