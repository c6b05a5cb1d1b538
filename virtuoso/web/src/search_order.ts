import type { ConfluenceRow, VenueMarket } from "virtuoso-market";
import { assetName, assetOf } from "./asset_names.js";

const SHOWN = 40;

type Found = Pick<VenueMarket, "symbol"> & Partial<VenueMarket>;

/** Return the markets that match a text, best first: the same symbol or asset, a symbol or name that begins with the text, one
 * that contains it. Of equal matches, scored markets come first, then those with more turnover. No text matches every market. */
export function matching(
  text: string,
  rows: readonly ConfluenceRow[],
  markets: readonly VenueMarket[],
): readonly Found[] {
  const wanted = text.trim().toUpperCase();
  const known = new Map<string, Found>(markets.map((one) => [one.symbol, one]));
  for (const { symbol } of rows) if (!known.has(symbol)) known.set(symbol, { symbol });
  const scored = new Set(rows.map(({ symbol }) => symbol));
  const turnover = new Map(rows.map((row) => [row.symbol, row.turnover24hUsd ?? 0]));
  const ranked = [...known.values()].flatMap((found) => {
    const match = quality(found.symbol, wanted);
    if (match === undefined) return [];
    const size = found.turnover24hUsd ?? turnover.get(found.symbol) ?? 0;
    return [{ found, order: [match, scored.has(found.symbol) ? 0 : 1, -size] as const }];
  });
  ranked.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1] || a.order[2] - b.order[2]);
  return ranked.slice(0, SHOWN).map(({ found }) => found);
}

/** Return how well a symbol matches: 0 is best. Return undefined when it does not. */
function quality(symbol: string, wanted: string): number | undefined {
  if (!wanted) return 0;
  const name = assetName(symbol)?.toUpperCase() ?? "";
  const asset = assetOf(symbol).toUpperCase();
  if ([symbol.toUpperCase(), asset, name].includes(wanted)) return 0;
  if (asset.startsWith(wanted) || name.startsWith(wanted) || symbol.startsWith(wanted)) return 1;
  return symbol.toUpperCase().includes(wanted) || name.includes(wanted) ? 2 : undefined;
}
