import { useState } from "preact/hooks";
import { CHIPS, type Chip, chip, watchlists } from "../../state/settings.js";
import { t } from "../../texts/index.js";
import { Icon, Sheet } from "../../ui/index.js";

/** The choice of the symbols: all, strong scores, disagreeing dimensions, or a watchlist. */
export function Chips() {
  const [editing, setEditing] = useState(false);
  return (
    <div class="chips" role="group" aria-label={t().scores.chipsLabel}>
      {CHIPS.map((one) => (
        <ChipButton key={one} value={one}>
          {t().scores.chips[one]}
        </ChipButton>
      ))}
      {watchlists.value.map((list, number) => (
        <ChipButton key={number} value={number}>
          {`★ ${listName(list.name)}`}
        </ChipButton>
      ))}
      <button
        type="button"
        class="chip"
        aria-haspopup="dialog"
        aria-label={t().watchlists.edit}
        onClick={() => setEditing(true)}
      >
        <Icon name="settings" />
      </button>
      <Sheet open={editing} onClose={() => setEditing(false)} title={t().watchlists.title}>
        <Watchlists />
      </Sheet>
    </div>
  );
}

const listName = (name: string) => name || t().watchlists.first;

function ChipButton({ value, children }: { value: Chip; children: string }) {
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={chip.value === value}
      onClick={() => {
        chip.value = chip.value === value ? "all" : value;
      }}
    >
      {children}
    </button>
  );
}

/** The watchlists: their names can be changed, all but the first can be deleted. */
function Watchlists() {
  const lists = watchlists.value;
  const change = (number: number, name: string) => {
    watchlists.value = lists.map((list, place) => (place === number ? { ...list, name } : list));
  };
  const remove = (number: number) => {
    watchlists.value = lists.filter((_, place) => place !== number);
    if (typeof chip.value === "number") chip.value = "all";
  };
  return (
    <div class="form">
      {lists.map((list, number) => (
        <p key={number} class="watchlist">
          <input
            class="field"
            maxLength={24}
            aria-label={t().watchlists.nameOf(number + 1)}
            placeholder={t().watchlists.first}
            value={list.name}
            onInput={(event) => change(number, event.currentTarget.value)}
          />
          <span class="faint">{t().watchlists.symbols(list.symbols.length)}</span>
          {number > 0 && (
            <button
              type="button"
              class="icon-button"
              aria-label={t().watchlists.delete(listName(list.name))}
              onClick={() => remove(number)}
            >
              <Icon name="close" />
            </button>
          )}
        </p>
      ))}
      <button
        type="button"
        class="button"
        onClick={() => {
          watchlists.value = [...lists, { name: `${t().watchlists.first} ${lists.length + 1}`, symbols: [] }];
        }}
      >
        {t().watchlists.add}
      </button>
      <p class="faint">{t().watchlists.hint}</p>
    </div>
  );
}
