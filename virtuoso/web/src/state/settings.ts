import { storedSignal } from "./stored_signal.js";

/** The fields by which rows can be sorted. */
export const SORTS = [
  "score",
  "confidence",
  "change24hPercent",
  "turnover24hUsd",
  "technical",
  "volume",
  "orderflow",
  "orderbook",
  "priceStructure",
  "sentiment",
  "change15m",
  "fundingPercent",
  "openInterestChangePercent",
  "symbol",
] as const;
export type Sort = (typeof SORTS)[number];

export const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = storedSignal("theme", (stored) => oneOf(THEMES, stored, "system"));

export const LANGUAGES = ["system", "en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];
export const language = storedSignal("language", (stored) => oneOf(LANGUAGES, stored, "system"));

export const TIME_ZONES = ["local", "utc"] as const;
/** The time zone of all times on the page: that of this device, or UTC. */
export const timeZone = storedSignal("timeZone", (stored) => oneOf(TIME_ZONES, stored, "local"));

/** Whether the cards of the first visit were dismissed. */
export const introduced = storedSignal("introduced", (stored) => stored === true);

export const sort = storedSignal("sort", (stored) => oneOf(SORTS, stored, "score"));
export const ascending = storedSignal("ascending", (stored) => stored === true);
/** The minimum score of the rows that are shown. 0 also shows rows without a score. */
export const minScore = storedSignal("minScore", (stored) =>
  typeof stored === "number" && stored >= 0 && stored <= 100 ? stored : 0,
);

/** A list of symbols with a name. The first list has the name "" until the user gives it one. */
export interface Watchlist {
  readonly name: string;
  readonly symbols: readonly string[];
}

/** The watchlists, at least one. Earlier versions of the page had one list, under "watched". */
export const watchlists = storedSignal("watchlists", (stored): readonly Watchlist[] => {
  const lists = Array.isArray(stored) ? stored.flatMap(toWatchlist) : [];
  return lists.length ? lists : [{ name: "", symbols: storedSignal("watched", symbols).peek() }];
});

/** The rows to show: all, those that a chip names, or those of the watchlist of this number. */
export const CHIPS = ["all", "long", "short", "disagreeing"] as const;
export type Chip = (typeof CHIPS)[number] | number;
export const chip = storedSignal("chip", (stored): Chip =>
  typeof stored === "number" ? stored : (CHIPS.find((one) => one === stored) ?? "all"),
);

export const LAYOUTS = ["auto", "cards", "table"] as const;
/** How scores are listed. "auto" is a table on desktops and cards elsewhere. */
export const layout = storedSignal("layout", (stored) => oneOf(LAYOUTS, stored, "auto"));

export const DENSITIES = ["compact", "comfortable"] as const;
/** The height of the rows on desktops. */
export const density = storedSignal("density", (stored) => oneOf(DENSITIES, stored, "compact"));

/** Return the number of the watchlist that stars belong to: the one that is shown, or the first. */
export const starredList = (): number =>
  typeof chip.value === "number" && watchlists.value[chip.value] ? chip.value : 0;

/** Add a symbol to a watchlist, or remove it. */
export function toggleWatched(symbol: string, list: number): void {
  watchlists.value = watchlists.value.map((one, number) => {
    if (number !== list) return one;
    const has = one.symbols.includes(symbol);
    return { ...one, symbols: has ? one.symbols.filter((each) => each !== symbol) : [...one.symbols, symbol] };
  });
}

function toWatchlist(stored: unknown): Watchlist[] {
  if (typeof stored !== "object" || stored === null || !("name" in stored) || !("symbols" in stored)) return [];
  return typeof stored.name === "string" ? [{ name: stored.name, symbols: symbols(stored.symbols) }] : [];
}

function oneOf<T extends string>(allowed: readonly T[], stored: unknown, otherwise: T): T {
  return allowed.find((one) => one === stored) ?? otherwise;
}

function symbols(stored: unknown): readonly string[] {
  return Array.isArray(stored) ? stored.filter((one): one is string => typeof one === "string") : [];
}
