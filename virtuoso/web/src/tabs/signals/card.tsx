import { useComputed } from "@preact/signals";
import type { Signal } from "virtuoso-market";
import { ABSENT, clock, ms, percent, price, score, share, signed, timeSpan } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { isCurrent, useRow } from "../../symbol/head.js";
import { listed } from "../../symbol/names.js";
import { Fact, SymbolLink, Value, signDirection } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { useOtherVenue } from "./other_venue.js";
import { progressAt, trackPosition } from "./progress.js";
import { SideMark } from "./side.js";
import "../../styles/signals.css";

/** An active signal. `named` shows its symbol. */
export function SignalCard({ signal, named = true }: { signal: Signal; named?: boolean }) {
  const { symbol, side, entry, stop, score: called, confidence, drivers } = signal;
  const venue = useOtherVenue(signal).value;
  const current = useRow(symbol).value;
  const row = venue ? undefined : current;
  const progress = row && progressAt(signal, row.price);
  const names = drivers.slice(0, 3).flatMap((kind) => t().dimensions[kind] ?? []);
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
          <Value>{signed(progress?.r, 2)}</Value> R{" "}
          <small class="faint">{isCurrent.value ? "now" : "at the last price"}</small>
        </span>
      </header>
      {venue && (
        <p class="note">
          Opened on {venue}, which is not in use now. It is evaluated up to {clock(signal.judgeTime, marketTime.peek())}
          , and further when {venue} is used again.
        </p>
      )}
      {signal.marketSymbols.length > 0 && (
        <p class="muted">The whole market: {signal.marketSymbols.length} scores are on this side.</p>
      )}
      <Track signal={signal} at={progress?.position} />
      <p class="signal-way">
        <span>
          Stop <b>{percent(progress?.toStop)}</b>
        </span>
        <span>
          {isCurrent.value ? "Now" : "Last"} <Value>{price(row?.price, row?.tickSize)}</Value>
        </span>
        <span>
          {signal.targetsHit < signal.targets.length ? `Target ${signal.targetsHit + 1}` : "Targets reached"}{" "}
          <b>{progress?.toTarget === undefined ? "" : percent(progress.toTarget)}</b>
        </span>
      </p>
      <dl class="facts">
        <Fact name="Entry" value={price(entry, row?.tickSize)} />
        <Fact name="Stop" value={price(stop, row?.tickSize)} />
        {signal.targets.map(({ price: target, size, chance }, index) => (
          <Fact
            key={index}
            name={`Target ${index + 1}`}
            value={price(target, row?.tickSize)}
            more={
              index < signal.targetsHit ? "✓ reached" : chance === undefined ? share(size) : `${share(chance)} chance`
            }
          />
        ))}
      </dl>
      <p class="faint">
        {signal.targetsHit > 0 &&
          `${signed(signal.netResultR ?? signal.resultR, 2)} R is realised${signal.netResultR === undefined ? "" : " after costs"}. `}
        Score {score(called)} at {share(confidence)} confidence
        {names.length > 0 && `, driven by ${listed(names).toLowerCase()}`}. <Times signal={signal} />
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
    const ends = expires === undefined ? ABSENT : expires > at ? `in ${timeSpan(expires - at)}` : "with the next bar";
    return `Opened ${opened === undefined ? ABSENT : `${timeSpan(at - opened)} ago`}, expires ${ends}.`;
  });
  return <span>{text}</span>;
}
