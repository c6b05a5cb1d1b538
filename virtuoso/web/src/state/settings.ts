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
export type TimeZone = (typeof TIME_ZONES)[number];
/** The time zone of all times on the page: that of this device, or UTC. */
export const timeZone = storedSignal("timeZone", (stored) => oneOf(TIME_ZONES, stored, "local"));

export const sort = storedSignal("sort", (stored) => oneOf(SORTS, stored, "score"));
export const ascending = storedSignal("ascending", (stored) => stored === true);
/** The minimum score of the rows that are shown. 0 also shows rows without a score. */
export const minScore = storedSignal("minScore", (stored) =>
  typeof stored === "number" && stored >= 0 && stored <= 100 ? stored : 0,
);
export const watched = storedSignal("watched", symbols);
export const onlyWatched = storedSignal("onlyWatched", (stored) => stored === true);

/** The text that a symbol must contain. Empty text shows all symbols. */
export const search = storedSignal("search", (stored) => (typeof stored === "string" ? stored : ""));

export const DENSITIES = ["auto", "cards", "table"] as const;
export type Density = (typeof DENSITIES)[number];
/** How scores are listed. "auto" is a table on desktops and cards elsewhere. */
export const density = storedSignal("density", (stored) => oneOf(DENSITIES, stored, "auto"));

/** Add a symbol to the watchlist, or remove it. */
export function toggleWatched(symbol: string): void {
  const before = watched.value;
  watched.value = before.includes(symbol) ? before.filter((one) => one !== symbol) : [...before, symbol];
}

function oneOf<T extends string>(allowed: readonly T[], stored: unknown, otherwise: T): T {
  return allowed.find((one) => one === stored) ?? otherwise;
}

function symbols(stored: unknown): readonly string[] {
  return Array.isArray(stored) ? stored.filter((one): one is string => typeof one === "string") : [];
}
