import type { Signal } from "virtuoso-market";
import { ABSENT, clock, level, ms, signed, span } from "../../format.js";
import { now } from "../../state/clock.js";
import { SymbolLink, Value, way } from "../../ui/index.js";
import { STATUSES } from "../../words.js";
import { SideMark } from "./side.js";

/** A signal that ended: how, when, and with what result. */
export function ClosedRow({ signal }: { signal: Signal }) {
  const { symbol, side, status, resultR, entry, exitPrice, targetsHit, targets } = signal;
  const opened = ms(signal.openTime);
  const closed = ms(signal.closeTime);
  return (
    <li class="closed">
      <SideMark side={side} />
      <SymbolLink symbol={symbol} />
      <span class={`signal-r ${way(resultR)}`}>{signed(resultR, 2)} R</span>
      <span class="closed-how">
        {STATUSES[status] ?? "Ended"}
        {targetsHit > 0 && targetsHit < targets.length && ` after target ${targetsHit}`}
      </span>
      <span class="closed-when faint">
        {clock(signal.closeTime, now.peek())}
        {opened !== undefined && closed !== undefined && ` · held ${span(closed - opened)}`} · {level(entry)} to{" "}
        {exitPrice === undefined ? <Value>{ABSENT}</Value> : level(exitPrice)}
      </span>
    </li>
  );
}
