import { useComputed } from "@preact/signals";
import type { Opportunity } from "virtuoso-market";
import { ABSENT, fixed, ms, percent, price, share, span } from "../../format.js";
import { moment } from "../../state/moment.js";
import { reading } from "../../symbol/names.js";
import { SymbolLink } from "../../ui/index.js";
import { OPPORTUNITIES } from "../../words.js";
import { Fact } from "../signals/card.js";
import { SideMark } from "../signals/side.js";
import "../../styles/alpha.css";

/** Something unusual that may be traded. `named`: say of which symbol. */
export function OpportunityCard({ opportunity, named = true }: { opportunity: Opportunity; named?: boolean }) {
  const { symbol, kind, side, sentence, zScore, alphaPercent, confidence, unit } = opportunity;
  return (
    <li class="card opportunity">
      <header>
        <SideMark side={side} />
        {named && (
          <h3>
            <SymbolLink symbol={symbol} />
          </h3>
        )}
        <span class="opportunity-kind">{OPPORTUNITIES[kind] ?? "Something new"}</span>
      </header>
      <p>{sentence}</p>
      <dl class="facts">
        {zScore !== undefined && <Fact name="Unusual by" value={`${fixed(zScore, 1)} σ`} />}
        {alphaPercent !== undefined && <Fact name="Alpha" value={percent(alphaPercent)} />}
        {opportunity.reading !== undefined && <Fact name="Reading" value={reading(opportunity.reading, unit)} />}
        <Fact name="Confidence" value={share(confidence)} />
        <Fact name="Price then" value={price(opportunity.price)} />
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
    const at = moment.value;
    const first = `Found ${found === undefined ? ABSENT : `${span(at - found)} ago`}`;
    if (expires === undefined) return first;
    return `${first}, ${expires > at ? `old in ${span(expires - at)}` : `old since ${span(at - expires)}`}`;
  });
  return <span>{text}</span>;
}
