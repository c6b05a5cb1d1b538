// What a candle chart shows, without drawing.

/** A bar that has not closed. Prices are in USDT. */
export interface FormingBar {
  /** The open time, epoch seconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** A closed bar. */
export interface Bar extends FormingBar {
  /** In units of the base asset. */
  readonly volume: number;
}

/** One value for each bar, undefined where nothing was measured. */
export type Values = readonly (number | undefined)[];

/** Return the newest value, or undefined when nothing was measured. */
export const newest = (values: Values): number | undefined =>
  [...values].reverse().find((value) => value !== undefined);

/** The name of a colour of the styles, such as "--accent". */
export type Colour = `--${string}`;

/** A line or a histogram. */
export interface Plot {
  readonly name: string;
  readonly values: Values;
  readonly show: (value: number) => string;
  readonly colour: Colour;
  /** The default is a line. The colours of a "signed" histogram are those of rise and fall. */
  readonly kind?: "line" | "dashed" | "dotted" | "histogram" | "signed";
}

/** Plots with one axis of values. */
export interface Pane {
  readonly plots: readonly Plot[];
  /** The range of the axis. By default, the axis fits the values. */
  readonly range?: readonly [low: number, high: number];
  /** Values with a line across the pane. */
  readonly lines?: readonly number[];
}

/** An event at a bar. */
export interface Mark {
  /** The open time of the bar, epoch seconds. */
  readonly time: number;
  readonly shape: "arrowUp" | "arrowDown" | "circle" | "square";
  readonly colour: Colour;
  /** A few letters next to the shape. */
  readonly text: string;
  /** What happened, in full. */
  readonly words: readonly string[];
}

/** A price with a line across the chart. */
export interface Level {
  readonly name: string;
  readonly price: number;
  readonly colour: Colour;
}

export interface Picture {
  /** The closed bars, oldest first. A time without a bar stays empty. */
  readonly bars: readonly Bar[];
  /** The open times of the bars, and of those that have not closed, epoch seconds. Values of plots belong to them. */
  readonly times: readonly number[];
  /** The length of a bar, seconds. */
  readonly step: number;
  readonly tickSize: number | undefined;
  /** The plots over the candles come first, then the panes below them. */
  readonly panes: readonly [Pane, ...Pane[]];
  readonly marks: readonly Mark[];
  readonly levels: readonly Level[];
}
