import { ListOpportunitiesResponseSchema, ListSignalsResponseSchema } from "virtuoso-market";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { OpportunityCard } from "../tabs/alpha/card.js";
import { SignalCard } from "../tabs/signals/card.js";
import { Empty, Panel } from "../ui/index.js";

/** The active signals of a symbol. */
export function ActiveSignals({ symbol }: { symbol: string }) {
  const { reply, heardMs, problem, waiting } = useQuery(`signals:${symbol}`, ListSignalsResponseSchema, (signal) =>
    market.listSignals({ symbols: [symbol], active: true }, { signal }),
  ).value;
  return (
    <Panel title="Active signal" provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      {reply?.signals.length ? (
        <ul class="cards">
          {reply.signals.map((one) => (
            <SignalCard key={one.id} signal={one} named={false} />
          ))}
        </ul>
      ) : (
        <Empty>There is no active signal for {symbol}.</Empty>
      )}
    </Panel>
  );
}

/** The current opportunities of a symbol. */
export function SymbolOpportunities({ symbol }: { symbol: string }) {
  const { reply, heardMs, problem, waiting } = useQuery(
    `opportunities:${symbol}`,
    ListOpportunitiesResponseSchema,
    (signal) => market.listOpportunities({ symbols: [symbol] }, { signal }),
  ).value;
  return (
    <Panel title="Opportunities" provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      {reply?.opportunities.length ? (
        <ul class="cards">
          {reply.opportunities.map((one) => (
            <OpportunityCard key={one.id} opportunity={one} named={false} />
          ))}
        </ul>
      ) : (
        <Empty>There is no opportunity for {symbol} at present.</Empty>
      )}
    </Panel>
  );
}
