import { hierarchy, treemap } from "d3-hierarchy";

/** A market as a tile of the heatmap. Its area is its turnover. Lengths are in pixels. */
export interface Tile {
  readonly symbol: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Traded {
  readonly symbol: string;
  readonly turnover24hUsd?: number | undefined;
}

const GAP = 1;
const SMALLEST = 4; // the sides of a tile that can be seen and clicked

/** Return the tiles of markets, largest first, that fill a rectangle. Markets without a turnover, and those whose tiles would
 * be too small to be seen, have none. */
export function tilesOf(markets: readonly Traded[], width: number, height: number): Tile[] {
  const root = hierarchy<{ symbol: string; turnover24hUsd?: number | undefined; children?: readonly Traded[] }>({
    symbol: "",
    children: markets,
  })
    .sum((one) => one.turnover24hUsd ?? 0)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const tiles = treemap<typeof root.data>().size([width, height]).paddingInner(GAP)(root).leaves();
  return tiles
    .map(({ data, x0, y0, x1, y1 }) => ({ symbol: data.symbol, x: x0, y: y0, width: x1 - x0, height: y1 - y0 }))
    .filter((tile) => tile.symbol && Math.min(tile.width, tile.height) >= SMALLEST);
}

/** The direction of a tile, and how strong its colour is, 0-1. */
export interface Shade {
  readonly direction: "up" | "down" | "flat";
  readonly strength: number;
}

const FULL_CHANGE = 10; // percent
const FULL_SCORE = 30; // points from 50

/** Return the shade of a change over 24 hours, percent. */
export const changeShade = (change: number | undefined) => shade(change, FULL_CHANGE);
/** Return the shade of a score, 0-100. */
export const scoreShade = (score: number | undefined) =>
  shade(score === undefined ? undefined : score - 50, FULL_SCORE);

function shade(value: number | undefined, full: number): Shade | undefined {
  if (value === undefined) return undefined;
  return { direction: value > 0 ? "up" : value < 0 ? "down" : "flat", strength: Math.min(1, Math.abs(value) / full) };
}

const LETTER = 7.5; // pixels, the widest usual letter
const LINE = 15;
const MARGIN = 6;

/** Return the lines of text that fit into a tile, the first one first. */
export function fitting({ width, height }: Tile, lines: readonly string[]): readonly string[] {
  const fits = (line: string) => line.length * LETTER + MARGIN <= width;
  const high = lines.slice(0, Math.max(0, Math.floor((height - MARGIN) / LINE)));
  return high.every(fits) ? high : high.slice(0, 1).filter(fits);
}
