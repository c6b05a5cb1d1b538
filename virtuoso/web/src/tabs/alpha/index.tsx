import { ListOpportunitiesResponseSchema, OpportunityKind } from "virtuoso-market";
import { storedSignal } from "../../state/stored_signal.js";
import { market } from "../../state/market.js";
import { useQuery } from "../../state/query.js";
import { Empty, Panel } from "../../ui/index.js";
import { t, withNames } from "../../texts/index.js";
import { Choices } from "../choices.js";
import { OpportunityCard } from "./card.js";
import "../../styles/lists.css";
import "../../styles/alpha.css";

const kindOptions = () => withNames(OpportunityKind, t().opportunities);

const kinds = storedSignal("opportunityKinds", (stored): readonly OpportunityKind[] =>
  Array.isArray(stored) ? kindOptions().flatMap(([kind]) => (stored.includes(kind) ? [kind] : [])) : [],
);

/** Opportunities that have not expired. */
export default function Alpha() {
  const { reply, heardMs, problem, waiting } = useQuery("opportunities", ListOpportunitiesResponseSchema, (signal) =>
    market.listOpportunities({ pageSize: 500 }, { signal }),
  ).value;
  const words = t().alpha;
  const all = reply?.opportunities ?? [];
  const listed = all.filter(({ kind }) => !kinds.value.length || kinds.value.includes(kind));
  return (
    <div class="list-page">
      <h1 class="visually-hidden">{t().shell.tabs.alpha}</h1>
      <Choices
        label={words.kinds}
        options={kindOptions()}
        chosen={kinds}
        count={(kind) => all.filter((one) => one.kind === kind).length}
      />
      <Panel
        title={reply ? words.titleCount(listed.length) : words.title}
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
          <Empty>{all.length ? words.filterHides(all.length) : words.none}</Empty>
        )}
      </Panel>
      <p class="faint page-foot">{words.note}</p>
    </div>
  );
}
