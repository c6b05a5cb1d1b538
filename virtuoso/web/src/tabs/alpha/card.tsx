import { useComputed } from "@preact/signals";
import type { Opportunity } from "virtuoso-market";
import { ABSENT, fixed, ms, percent, price, scoreExact, share, timeSpan } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { useRow } from "../../symbol/head.js";
import { reading } from "../../symbol/names.js";
import { Fact, SymbolLink, Term } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import "../../styles/alpha.css";

/** An opportunity. `named` shows its symbol. */
export function OpportunityCard({ opportunity, named = true }: { opportunity: Opportunity; named?: boolean }) {
  const { symbol, kind, sentence, zScore, alphaPercent, confidence, unit } = opportunity;
  const words = t().alpha;
  const row = useRow(symbol).value;
  const tickSize = row?.tickSize;
  return (
    <li class="card opportunity">
      <header>
        {named && (
          <h3>
            <SymbolLink symbol={symbol} />
          </h3>
        )}
        <span class="opportunity-kind">{t().opportunities[kind] ?? words.other}</span>
      </header>
      <p lang="en">{sentence}</p>
      {opportunity.invalidation && (
        <p class="muted" lang="en">
          {opportunity.invalidation}
        </p>
      )}
      <dl class="facts">
        {zScore !== undefined && <Fact name={<Term of="zScore" />} value={`${fixed(zScore, 1)} σ`} />}
        {alphaPercent !== undefined && <Fact name={<Term of="alpha" />} value={percent(alphaPercent)} />}
        {opportunity.reading !== undefined && <Fact name={words.reading} value={reading(opportunity.reading, unit)} />}
        <Fact name={<Term of="confidence" />} value={share(confidence)} />
        <Fact name={words.price} value={price(opportunity.price, tickSize)} />
        {opportunity.invalidationPrice !== undefined && (
          <Fact name={words.endsAt} value={price(opportunity.invalidationPrice, tickSize)} />
        )}
        {row && <Fact name={<Term of="score" />} value={scoreExact(row.score)} />}
      </dl>
      <p class="faint">
        <Times opportunity={opportunity} />
      </p>
    </li>
  );
}

function Times({ opportunity }: { opportunity: Opportunity }) {
  const found = ms(opportunity.findTime);
  const expires = ms(opportunity.expireTime);
  const text = useComputed(() => {
    const at = marketTime.value;
    const words = t().alpha;
    const held = ms(opportunity.lastHeldTime);
    const since = words.found(found === undefined ? ABSENT : timeSpan(at - found));
    const first = held === undefined ? since : `${since}, ${words.held(timeSpan(at - held))}`;
    if (expires === undefined) return first;
    const end = timeSpan(Math.abs(expires - at));
    return `${first}, ${expires > at ? words.expiresIn(end) : words.expired(end)}`;
  });
  return <span>{text}</span>;
}
