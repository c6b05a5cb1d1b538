import { storedSignal } from "../state/stored_signal.js";

/** The panels of the desk, by rows. */
export const ROWS = {
  top: ["scores", "heatmap", "market"],
  bottom: ["chart", "breakdown", "findings"],
} as const;
export type RowId = keyof typeof ROWS;
export type PanelId = (typeof ROWS)[RowId][number];
/** What a separator can resize: a row, or a panel in its row. */
export type PartId = RowId | PanelId;

export const ROW_IDS = ["top", "bottom"] as const;
export const PANEL_IDS: readonly PanelId[] = ROW_IDS.flatMap((row) => [...ROWS[row]]);

export interface Layout {
  readonly hidden: readonly PanelId[];
  /** The size of each part relative to those beside it. */
  readonly sizes: Readonly<Record<PartId, number>>;
}

/** At 1280 px, the scores beside the market have room for every column of their table. */
export const DEFAULT: Layout = {
  hidden: ["heatmap"],
  sizes: { top: 46, bottom: 54, scores: 936, heatmap: 640, market: 240, chart: 590, breakdown: 290, findings: 310 },
};

/** The layout of the desk on this device. */
export const layout = storedSignal("desk", parse);

/** Return a layout from stored JSON. What is not valid is as in the default. */
export function parse(stored: unknown): Layout {
  const { hidden, sizes } = (stored ?? {}) as { hidden?: unknown; sizes?: Record<string, unknown> | null };
  const sizeOf = (part: PartId) => {
    const size = sizes?.[part];
    return typeof size === "number" && size > 0 && Number.isFinite(size) ? size : DEFAULT.sizes[part];
  };
  const parts = [...ROW_IDS, ...PANEL_IDS];
  return {
    hidden: Array.isArray(hidden) ? PANEL_IDS.filter((id) => hidden.includes(id)) : DEFAULT.hidden,
    sizes: Object.fromEntries(parts.map((part) => [part, sizeOf(part)])) as Record<PartId, number>,
  };
}

/** The visible panels of each row that has one. */
export const visibleRows = ({ hidden }: Layout): readonly (readonly [RowId, readonly PanelId[]])[] =>
  ROW_IDS.map((row) => [row, ROWS[row].filter((id) => !hidden.includes(id))] as const).filter(([, ids]) => ids.length);

/** Return the id of the element of a part. */
export const elementId = (part: PartId) => `desk-${part}`;

export const SMALLEST = 0.1;

/** Return the share of `before` of the room that it has together with the part after it, 0-1. */
export const shareOf = ({ sizes }: Layout, before: PartId, after: PartId): number =>
  sizes[before] / (sizes[before] + sizes[after]);

/** Give `before` a share of the room that it has together with the part after it. Each keeps at least a tenth. */
export function withShare(from: Layout, before: PartId, after: PartId, share: number): Layout {
  const room = from.sizes[before] + from.sizes[after];
  const size = room * Math.min(1 - SMALLEST, Math.max(SMALLEST, share));
  return { ...from, sizes: { ...from.sizes, [before]: size, [after]: room - size } };
}

/** Hide a panel, or put it back. */
export function toggled(from: Layout, id: PanelId): Layout {
  const { hidden } = from;
  return { ...from, hidden: hidden.includes(id) ? hidden.filter((each) => each !== id) : [...hidden, id] };
}
