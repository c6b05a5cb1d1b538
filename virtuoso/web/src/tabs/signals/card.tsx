import { useComputed } from "@preact/signals";
import type { Signal } from "virtuoso-market";
import { ABSENT, level, ms, percent, price, score, share, signed, span } from "../../format.js";
import { moment } from "../../state/moment.js";
import { isNow, useRow } from "../../symbol/head.js";
import { listed } from "../../symbol/names.js";
import { SymbolLink, Value, way } from "../../ui/index.js";
import { DIMENSIONS } from "../../words.js";
import { courseOf, placeOf } from "./course.js";
import { SideMark } from "./side.js";
import "../../styles/signals.css";

/** An active signal. `named`: say of which symbol. */
export function SignalCard({ signal, named = true }: { signal: Signal; named?: boolean }) {
  const { symbol, side, entry, stop, score: called, confidence, drivers } = signal;
  const row = useRow(symbol).value;
  const course = row && courseOf(signal, row.price);
  const names = drivers.slice(0, 3).flatMap((kind) => DIMENSIONS[kind] ?? []);
  return (
    <li class="card signal">
      <header>
        <SideMark side={side} />
        {named && (
          <h3>
            <SymbolLink symbol={symbol} />
          </h3>
        )}
        <span class={`signal-r ${way(course?.r)}`}>
          <Value>{signed(course?.r, 2)}</Value> R <small class="faint">{isNow.value ? "now" : "then"}</small>
        </span>
      </header>
      <Track signal={signal} at={course?.price} />
      <p class="signal-way">
        <span>
          Stop <b>{percent(course?.toStop)}</b>
        </span>
        <span>
          {isNow.value ? "Now" : "Last"} <Value>{price(row?.price)}</Value>
        </span>
        <span>
          {signal.targetsHit < signal.targets.length ? `Target ${signal.targetsHit + 1}` : "Targets reached"}{" "}
          <b>{course?.toTarget === undefined ? "" : percent(course.toTarget)}</b>
        </span>
      </p>
      <dl class="facts">
        <Fact name="Entry" value={level(entry)} />
        <Fact name="Stop" value={level(stop)} />
        {signal.targets.map(({ price: target, size }, index) => (
          <Fact
            key={index}
            name={`Target ${index + 1}`}
            value={level(target)}
            more={index < signal.targetsHit ? "✓ hit" : share(size)}
          />
        ))}
      </dl>
      <p class="faint">
        {signal.targetsHit > 0 && `${signed(signal.resultR, 2)} R is taken. `}Score {score(called)} at{" "}
        {share(confidence)} confidence
        {names.length > 0 && `, by ${listed(names).toLowerCase()}`}. <Times signal={signal} />
      </p>
    </li>
  );
}

export function Fact({ name, value, more }: { name: string; value: string; more?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Value>{value}</Value>
        {more && <small class="faint"> {more}</small>}
      </dd>
    </div>
  );
}

/** The way from the stop to the last target: entry, targets, those reached, and the present price. */
function Track({ signal, at }: { signal: Signal; at: number | undefined }) {
  const left = (place: number) => ({ left: `${place * 100}%` });
  const entry = placeOf(signal, signal.entry);
  return (
    <div class="track" aria-hidden="true">
      <i class="track-risk" style={{ width: `${entry * 100}%` }} />
      <i class="track-entry" style={left(entry)} />
      {signal.targets.map(({ price: target }, index) => (
        <i
          key={index}
          class={`track-target ${index < signal.targetsHit ? "hit" : ""}`}
          style={left(placeOf(signal, target))}
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
    const at = moment.value;
    const ends = expires === undefined ? ABSENT : expires > at ? `in ${span(expires - at)}` : "with the next bar";
    return `Given ${opened === undefined ? ABSENT : `${span(at - opened)} ago`}, ends ${ends}.`;
  });
  return <span>{text}</span>;
}
