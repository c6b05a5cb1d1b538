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
  const tickSize = useRow(symbol).value?.tickSize;
  return (
    <li class="card opportunity">
      <header>
        {named && (
          <h3>
            <SymbolLink symbol={symbol} />
          </h3>
        )}
        <span class="opportunity-kind">{t().opportunities[kind] ?? "Opportunity"}</span>
      </header>
      <p>{sentence}</p>
      <dl class="facts">
        {zScore !== undefined && <Fact name="Z-score" value={`${fixed(zScore, 1)} σ`} />}
        {alphaPercent !== undefined && <Fact name="Alpha" value={percent(alphaPercent)} />}
        {opportunity.reading !== undefined && <Fact name="Reading" value={reading(opportunity.reading, unit)} />}
        <Fact name="Confidence" value={share(confidence)} />
        <Fact name="Price when found" value={price(opportunity.price, tickSize)} />
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
    const first = `Found ${found === undefined ? ABSENT : `${timeSpan(at - found)} ago`}`;
    if (expires === undefined) return first;
    return `${first}, ${expires > at ? `expires in ${timeSpan(expires - at)}` : `expired ${timeSpan(at - expires)} ago`}`;
  });
  return <span>{text}</span>;
}
