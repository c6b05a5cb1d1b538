import type { Signal } from "virtuoso-market";
import { ABSENT, clock, ms, price, signed, timeSpan } from "../../format.js";
import { now } from "../../state/clock.js";
import { useRow } from "../../symbol/head.js";
import { SymbolLink, Value, signDirection } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { SideMark } from "./side.js";

/** A closed signal: how and when it closed, and its result. */
export function ClosedRow({ signal }: { signal: Signal }) {
  const { symbol, side, status, resultR, entry, exitPrice, targetsHit, targets } = signal;
  const tickSize = useRow(symbol).value?.tickSize;
  const opened = ms(signal.openTime);
  const closed = ms(signal.closeTime);
  return (
    <li class="closed">
      <SideMark side={side} />
      <SymbolLink symbol={symbol} />
      <span class={`signal-r ${signDirection(signed(resultR, 2))}`}>{signed(resultR, 2)} R</span>
      <span class="closed-how">
        {t().statuses[status] ?? "Closed"}
        {targetsHit > 0 && targetsHit < targets.length && ` after target ${targetsHit}`}
      </span>
      <span class="closed-when faint">
        {clock(signal.closeTime, now.peek())}
        {opened !== undefined && closed !== undefined && ` · held ${timeSpan(closed - opened)}`} ·{" "}
        {price(entry, tickSize)} to {exitPrice === undefined ? <Value>{ABSENT}</Value> : price(exitPrice, tickSize)}
      </span>
    </li>
  );
}
