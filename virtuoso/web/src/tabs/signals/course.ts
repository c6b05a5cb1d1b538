import { type Signal, Side } from "virtuoso-market";

/** Where a signal stands at a price. Places run from 0 (the stop) to 1 (the last target), in log prices, like the service's R. */
export interface Course {
  /** Result in R: what is closed so far, and the open part as if it were closed at the price. */
  readonly r: number;
  readonly price: number;
  /** Move of the price to the stop and to the next target, percent of the price; undefined without a further target. */
  readonly toStop: number;
  readonly toTarget: number | undefined;
}

/** +1 for long, -1 for short. */
export const sign = ({ side }: Signal): number => (side === Side.SHORT ? -1 : 1);

/** Where a price lies between the stop and the last target, 0-1; what lies beyond is at the end. */
export function placeOf({ stop, targets }: Signal, price: number): number {
  const end = targets.at(-1)?.price ?? price;
  const width = Math.log(end / stop);
  return width ? Math.max(0, Math.min(1, Math.log(price / stop) / width)) : 0;
}

/** How a signal does at a price. */
export function courseOf(signal: Signal, price: number): Course {
  const { entry, stop, targets, targetsHit, resultR } = signal;
  const open = 1 - targets.slice(0, targetsHit).reduce((sum, { size }) => sum + size, 0);
  const moved = (sign(signal) * Math.log(price / entry)) / Math.abs(Math.log(stop / entry));
  const next = targets[targetsHit]?.price;
  const move = (to: number) => (to / price - 1) * 100;
  return {
    r: resultR + open * moved,
    price: placeOf(signal, price),
    toStop: move(stop),
    toTarget: next === undefined ? undefined : move(next),
  };
}
