import { Timeframe } from "virtuoso-market";
import { storedSignal } from "../../state/stored_signal.js";

/** The length of the bars of a chart. */
export interface Frame {
  readonly id: string;
  readonly name: string;
  readonly timeframe: Timeframe;
  /** The length in seconds. */
  readonly step: number;
  /** The shorter bars that a bar which has not closed is made of. Undefined when there are none. */
  readonly parts?: Frame;
}

const M1: Frame = { id: "1m", name: "1m", timeframe: Timeframe.TIMEFRAME_1M, step: 60 };
const M5: Frame = { id: "5m", name: "5m", timeframe: Timeframe.TIMEFRAME_5M, step: 300, parts: M1 };
const M30: Frame = { id: "30m", name: "30m", timeframe: Timeframe.TIMEFRAME_30M, step: 1800, parts: M1 };

const FRAMES: readonly Frame[] = [
  M1,
  M5,
  { id: "15m", name: "15m", timeframe: Timeframe.TIMEFRAME_15M, step: 900, parts: M1 },
  M30,
  { id: "1h", name: "1h", timeframe: Timeframe.TIMEFRAME_1H, step: 3600, parts: M5 },
  { id: "4h", name: "4h", timeframe: Timeframe.TIMEFRAME_4H, step: 14_400, parts: M5 },
  { id: "1d", name: "1D", timeframe: Timeframe.TIMEFRAME_1D, step: 86_400, parts: M5 },
];

/** Return the frames of a market. A market that is not tracked has no bars of minutes. */
export const framesOf = (tracked: boolean): readonly Frame[] =>
  FRAMES.filter(({ step }) => tracked || step >= M30.step);

/** The id of the chosen frame. */
export const chosenFrame = storedSignal("timeframe", (stored) => FRAMES.find(({ id }) => id === stored)?.id ?? M5.id);
