import { kept } from "./kept.js";

/** Fields that rows can be sorted by. */
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

export const theme = kept("theme", (stored) => oneOf(THEMES, stored, "system"));
export const sort = kept("sort", (stored) => oneOf(SORTS, stored, "score"));
export const ascending = kept("ascending", (stored) => stored === true);
/** Only rows with at least this score; 0 shows also those without one. */
export const minScore = kept("minScore", (stored) =>
  typeof stored === "number" && stored >= 0 && stored <= 100 ? stored : 0,
);
export const watched = kept("watched", symbols);
export const onlyWatched = kept("onlyWatched", (stored) => stored === true);

/** Only symbols with this in their name; empty: all. */
export const search = kept("search", (stored) => (typeof stored === "string" ? stored : ""));

export const DENSITIES = ["auto", "cards", "table"] as const;
export type Density = (typeof DENSITIES)[number];
/** How scores are listed; "auto": as a table where there is room. */
export const density = kept("density", (stored) => oneOf(DENSITIES, stored, "auto"));

/** Put a symbol on the watchlist, or take it off. */
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
