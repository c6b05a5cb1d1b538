import { type Signal, Side } from "virtuoso-market";
import { commonTick } from "../../format.js";

/** The progress of a signal at a price. */
interface Progress {
  /** The result in R: that of the closed part, and that of the open part if it were closed at the price. */
  readonly r: number;
  /** The position of the price between the stop, 0, and the last target, 1. It is logarithmic, like R. */
  readonly position: number;
  /** The move from the price to the stop and to the next target, percent. Undefined without a further target. */
  readonly toStop: number;
  readonly toTarget: number | undefined;
}

/** +1 for long, -1 for short. */
export const sign = ({ side }: Signal): number => (side === Side.SHORT ? -1 : 1);

/** Return the tick size of a signal's prices: that of its market, `current`, while it is known. */
export function signalTick({ entry, stop, targets }: Signal, current: number | undefined): number | undefined {
  return current ?? commonTick([entry, stop, ...targets.map(({ price }) => price)]);
}

/** Return the position of a price between the stop, 0, and the last target, 1. Prices outside this range are at its ends. */
export function trackPosition({ stop, targets }: Signal, price: number): number {
  const end = targets.at(-1)?.price ?? price;
  const width = Math.log(end / stop);
  return width ? Math.max(0, Math.min(1, Math.log(price / stop) / width)) : 0;
}

/** Return the progress of a signal at a price. */
export function progressAt(signal: Signal, price: number): Progress {
  const { entry, stop, targets, targetsHit, resultR } = signal;
  const open = 1 - targets.slice(0, targetsHit).reduce((sum, { size }) => sum + size, 0);
  const moved = (sign(signal) * Math.log(price / entry)) / Math.abs(Math.log(stop / entry));
  const next = targets[targetsHit]?.price;
  const move = (to: number) => (to / price - 1) * 100;
  return {
    r: resultR + open * moved,
    position: trackPosition(signal, price),
    toStop: move(stop),
    toTarget: next === undefined ? undefined : move(next),
  };
}
