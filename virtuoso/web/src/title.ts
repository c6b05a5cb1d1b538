import { computed, effect } from "@preact/signals";
import { price } from "./format.js";
import { live, status } from "./state/live.js";
import { path, symbolAt } from "./state/router.js";
import { selected } from "./state/selected.js";
import { TABS } from "./tabs.js";
import { t } from "./texts/index.js";

/** The name of the current page. */
export const pageName = computed((): string => {
  const tab = TABS.find((one) => one.path === path.value);
  return symbolAt(path.value) ?? (tab ? t().shell.tabs[tab.name] : t().shell.notFound);
});

/** The symbol on the screen with its price while that is current. Undefined on the pages of the whole market. */
const symbolAndPrice = computed((): string | undefined => {
  const symbol = symbolAt(path.value) ?? selected.value;
  const row = symbol && status.value === "live" ? live.value.dashboard?.rows.get(symbol) : undefined;
  return row ? `${symbol} ${price(row.price, row.tickSize)}` : symbol;
});

effect(() => {
  const shown = symbolAndPrice.value ?? (path.value === "/" ? undefined : pageName.value);
  document.title = shown ? `${shown} - Virtuoso` : "Virtuoso";
});
