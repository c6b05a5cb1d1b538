import { useComputed } from "@preact/signals";
import type { Signal } from "virtuoso-market";
import { ABSENT, clock, listed, ms, percent, price, score, share, signed, timeSpan } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { isCurrent, useRow } from "../../symbol/head.js";
import { Fact, SymbolLink, Term, Value, signDirection } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { useOtherVenue } from "./other_venue.js";
import { progressAt, signalTick, trackPosition } from "./progress.js";
import { SideMark } from "./side.js";
import "../../styles/signals.css";

/** An active signal. `named` shows its symbol. */
export function SignalCard({ signal, named = true }: { signal: Signal; named?: boolean }) {
  const { symbol, side, entry, stop, score: called, confidence, drivers } = signal;
  const venue = useOtherVenue(signal).value;
  const current = useRow(symbol).value;
  const row = venue ? undefined : current;
  const tickSize = signalTick(signal, row?.tickSize);
  const progress = row && progressAt(signal, row.price);
  const names = drivers.slice(0, 3).flatMap((kind) => t().dimensions[kind] ?? []);
  const words = t().signals;
  const realised = signed(signal.netResultR ?? signal.resultR, 2);
  return (
    <li class="card signal">
      <header>
        <SideMark side={side} />
        {named && (
          <h3>
            <SymbolLink symbol={symbol} />
          </h3>
        )}
        <span class={`signal-r ${signDirection(signed(progress?.r, 2))}`}>
          <Value>{signed(progress?.r, 2)}</Value> <Term of="r">R</Term>{" "}
          <small class="faint">{isCurrent.value ? words.now : words.atLastPrice}</small>
        </span>
      </header>
      {venue && <p class="note">{words.otherVenue(venue, clock(signal.judgeTime, marketTime.peek()))}</p>}
      {signal.marketSymbols.length > 0 && <p class="muted">{words.wholeMarket(signal.marketSymbols.length)}</p>}
      <Track signal={signal} at={progress?.position} />
      <p class="signal-way">
        <span>
          {words.stop} <b>{percent(progress?.toStop)}</b>
        </span>
        <span>
          {isCurrent.value ? words.price : words.lastPrice} <Value>{price(row?.price, tickSize)}</Value>
        </span>
        <span>
          {signal.targetsHit < signal.targets.length ? words.target(signal.targetsHit + 1) : words.targetsReached}{" "}
          <b>{progress?.toTarget === undefined ? "" : percent(progress.toTarget)}</b>
        </span>
      </p>
      <dl class="facts">
        <Fact name={words.entry} value={price(entry, tickSize)} />
        <Fact name={words.stop} value={price(stop, tickSize)} />
        {signal.targets.map(({ price: target, size, chance }, index) => (
          <Fact
            key={index}
            name={words.target(index + 1)}
            value={price(target, tickSize)}
            more={
              index < signal.targetsHit
                ? words.reached
                : chance === undefined
                  ? words.size(share(size))
                  : words.chance(share(chance))
            }
          />
        ))}
      </dl>
      <p class="faint">
        {signal.targetsHit > 0 &&
          (signal.netResultR === undefined ? words.realised(realised) : words.realisedNet(realised))}
        <Times signal={signal} />. {words.opened(score(called), share(confidence), listed(names))}
      </p>
    </li>
  );
}

/** A line from the stop to the last target, with the entry, the targets and the current price. */
function Track({ signal, at }: { signal: Signal; at: number | undefined }) {
  const left = (place: number) => ({ left: `${place * 100}%` });
  const entry = trackPosition(signal, signal.entry);
  return (
    <div class="track" aria-hidden="true">
      <i class="track-risk" style={{ width: `${entry * 100}%` }} />
      <i class="track-entry" style={left(entry)} />
      {signal.targets.map(({ price: target }, index) => (
        <i
          key={index}
          class={`track-target ${index < signal.targetsHit ? "hit" : ""}`}
          style={left(trackPosition(signal, target))}
        />
      ))}
      {at !== undefined && <i class="track-now" style={left(at)} />}
    </div>
  );
}

function Times({ signal }: { signal: Signal }) {
  const opened = ms(signal.openTime);
  const expires = ms(signal.expireTime);
  const text = useComputed(() => {
    const at = marketTime.value;
    const words = t().signals;
    const began = opened === undefined ? ABSENT : words.openedAgo(timeSpan(at - opened));
    if (expires === undefined) return began;
    return `${began}, ${expires > at ? words.expiresIn(timeSpan(expires - at)) : words.expiresNext}`;
  });
  return <span>{text}</span>;
}
