import { useComputed } from "@preact/signals";
import type { Opportunity } from "virtuoso-market";
import { ABSENT, fixed, ms, percent, price, share, timeSpan } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { useRow } from "../../symbol/head.js";
import { reading } from "../../symbol/names.js";
import { Fact, SymbolLink } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import "../../styles/alpha.css";

/** An opportunity. `named` shows its symbol. */
export function OpportunityCard({ opportunity, named = true }: { opportunity: Opportunity; named?: boolean }) {
  const { symbol, kind, sentence, zScore, alphaPercent, confidence, unit } = opportunity;
  const words = t().alpha;
  const tickSize = useRow(symbol).value?.tickSize;
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
      <dl class="facts">
        {zScore !== undefined && <Fact name={words.zScore} value={`${fixed(zScore, 1)} σ`} />}
        {alphaPercent !== undefined && <Fact name={words.alpha} value={percent(alphaPercent)} />}
        {opportunity.reading !== undefined && <Fact name={words.reading} value={reading(opportunity.reading, unit)} />}
        <Fact name={words.confidence} value={share(confidence)} />
        <Fact name={words.price} value={price(opportunity.price, tickSize)} />
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
    const first = words.found(found === undefined ? ABSENT : timeSpan(at - found));
    if (expires === undefined) return first;
    const end = timeSpan(Math.abs(expires - at));
    return `${first}, ${expires > at ? words.expiresIn(end) : words.expired(end)}`;
  });
  return <span>{text}</span>;
}
