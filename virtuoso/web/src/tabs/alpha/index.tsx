import { ListOpportunitiesResponseSchema, OpportunityKind } from "virtuoso-market";
import { kept } from "../../state/kept.js";
import { market } from "../../state/market.js";
import { useQuery } from "../../state/query.js";
import { Empty, Panel } from "../../ui/index.js";
import { OPPORTUNITIES, named } from "../../words.js";
import { Choices } from "../choices.js";
import { OpportunityCard } from "./card.js";
import "../../styles/lists.css";
import "../../styles/alpha.css";

const KINDS = named(OpportunityKind, OPPORTUNITIES);

const kinds = kept("opportunityKinds", (stored): readonly OpportunityKind[] =>
  Array.isArray(stored) ? KINDS.flatMap(([kind]) => (stored.includes(kind) ? [kind] : [])) : [],
);

/** Opportunities that have not expired. */
export default function Alpha() {
  const { reply, heardMs, problem, waiting } = useQuery("opportunities", ListOpportunitiesResponseSchema, (signal) =>
    market.listOpportunities({ pageSize: 500 }, { signal }),
  ).value;
  const all = reply?.opportunities ?? [];
  const listed = all.filter(({ kind }) => !kinds.value.length || kinds.value.includes(kind));
  return (
    <div class="list-page">
      <h1 class="said">Alpha</h1>
      <Choices
        label="Kinds of opportunities"
        options={KINDS}
        chosen={kinds}
        count={(kind) => all.filter((one) => one.kind === kind).length}
      />
      <Panel
        title={reply ? `Opportunities (${listed.length})` : "Opportunities"}
        provenance={reply?.provenance}
        heardMs={heardMs}
        problem={problem}
        waiting={waiting}
      >
        {listed.length ? (
          <ul class="cards wide">
            {listed.map((one) => (
              <OpportunityCard key={one.id} opportunity={one} />
            ))}
          </ul>
        ) : (
          <Empty>
            {all.length
              ? `The filter hides all ${all.length} opportunities.`
              : "Nothing unusual is seen just now. That is a right answer: opportunities are rare."}
          </Empty>
        )}
      </Panel>
      <p class="faint page-foot">
        An opportunity is a departure from how a symbol usually moves with BTC, or from its usual funding. It is a
        finding, not advice.
      </p>
    </div>
  );
}
