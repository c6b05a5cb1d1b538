import { ListOpportunitiesResponseSchema, ListSignalsResponseSchema } from "virtuoso-market";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { OpportunityCard } from "../tabs/alpha/card.js";
import { SignalCard } from "../tabs/signals/card.js";
import { t } from "../texts/index.js";
import { Empty, Panel } from "../ui/index.js";

/** The active signals of a symbol. */
export function ActiveSignals({ symbol }: { symbol: string }) {
  const { reply, heardMs, problem, waiting } = useQuery(`signals:${symbol}`, ListSignalsResponseSchema, (signal) =>
    market.listSignals({ symbols: [symbol], active: true }, { signal }),
  ).value;
  return (
    <Panel
      title={t().symbolPage.activeSignal}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {reply?.signals.length ? (
        <ul class="cards">
          {reply.signals.map((one) => (
            <SignalCard key={one.id} signal={one} named={false} />
          ))}
        </ul>
      ) : (
        <Empty>{t().signals.noneOf(symbol)}</Empty>
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
    <Panel title={t().alpha.title} provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      {reply?.opportunities.length ? (
        <ul class="cards">
          {reply.opportunities.map((one) => (
            <OpportunityCard key={one.id} opportunity={one} named={false} />
          ))}
        </ul>
      ) : (
        <Empty>{t().alpha.noneOf(symbol)}</Empty>
      )}
    </Panel>
  );
}
