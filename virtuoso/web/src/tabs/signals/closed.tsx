import type { Signal } from "virtuoso-market";
import { clock, ms, price, signed, timeSpan } from "../../format.js";
import { now } from "../../state/clock.js";
import { useRow } from "../../symbol/head.js";
import { SymbolLink, signDirection } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { useOtherVenue } from "./other_venue.js";
import { signalTick } from "./progress.js";
import { SideMark } from "./side.js";

/** A closed signal: how and when it closed, and its result. */
export function ClosedRow({ signal }: { signal: Signal }) {
  const { symbol, side, status, resultR, netResultR, entry, exitPrice, targetsHit, targets } = signal;
  const row = useRow(symbol).value;
  const venue = useOtherVenue(signal).value;
  const tickSize = signalTick(signal, venue ? undefined : row?.tickSize);
  const opened = ms(signal.openTime);
  const closed = ms(signal.closeTime);
  const words = t().signals;
  return (
    <li class="closed">
      <SideMark side={side} />
      <SymbolLink symbol={symbol} />
      <span class={`signal-r ${signDirection(signed(netResultR ?? resultR, 2))}`}>
        {signed(netResultR ?? resultR, 2)} R{" "}
        <small class="faint">{netResultR === undefined ? words.beforeCosts : words.net(signed(resultR, 2))}</small>
      </span>
      <span class="closed-how">
        {signal.marketSymbols.length > 0 && words.ofWholeMarket}
        {venue && words.onVenue(venue)}
        {t().statuses[status] ?? words.closedSomehow}
        {targetsHit > 0 && targetsHit < targets.length && words.afterTarget(targetsHit)}
      </span>
      <span class="closed-when faint">
        {clock(signal.closeTime, now.peek())}
        {opened !== undefined && closed !== undefined && ` · ${words.held(timeSpan(closed - opened))}`} ·{" "}
        {words.fromTo(price(entry, tickSize), price(exitPrice, tickSize))}
      </span>
    </li>
  );
}
