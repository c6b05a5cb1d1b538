import { signal, useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import { GetBetaResponseSchema, type ListBetasResponse, ListBetasResponseSchema } from "virtuoso-market";
import { storedSignal } from "../../state/stored_signal.js";
import { market } from "../../state/market.js";
import { type Answer, useQuery } from "../../state/query.js";
import { follow } from "../../state/router.js";
import { wide } from "../../state/screen.js";
import { Empty, Panel, Segmented, Sheet, Terms, baseAsset, symbolPath } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { SymbolSearch, matchesSearch } from "../search.js";
import { BetaDetail } from "./detail.js";
import { COLUMNS, type Column, type Row, rowsOf } from "./sorting.js";
import { SPAN_CHOICES, span } from "./span.js";
import { BetaTable } from "./table.js";
import "../../styles/lists.css";
import "../../styles/beta.css";

const column = storedSignal("betaSort", (stored): Column => COLUMNS.find((id) => id === stored) ?? "beta");
const ascending = storedSignal("betaAscending", (stored) => stored === true);
const search = signal("");

/** The beta of each symbol to BTC. */
export default function Betas() {
  const query = useQuery(
    "betas",
    ListBetasResponseSchema,
    (signal) => market.listBetas({ pageSize: 500 }, { signal }),
    60_000,
  );
  const { value: rows } = useComputed(() =>
    rowsOf(query.value.reply?.betas ?? [], span.value, column.value, ascending.value),
  );
  const listed = rows.filter(({ beta }) => matchesSearch(beta.symbol, search.value));
  const [chosen, choose] = useState<string>();
  const shown = chosen ?? (wide.value ? listed[0]?.beta.symbol : undefined);
  return (
    <div class="list-page">
      <h1 class="visually-hidden">{t().shell.tabs.beta}</h1>
      <div class="filters">
        <Segmented
          label={t().betas.window}
          options={SPAN_CHOICES.map((one) => [one, t().spans[one] ?? ""] as const)}
          value={span.value}
          onChange={(value) => {
            span.value = value;
          }}
        />
        <SymbolSearch text={search} />
      </div>
      <div class="beta-columns">
        <List answer={query.value} chosen={shown} onChoose={choose} rows={listed} empty={!rows.length} />
        {wide.value && shown && (
          <aside aria-label={t().betas.chosen}>
            <Detail key={shown} symbol={shown} />
          </aside>
        )}
      </div>
      {!wide.value && (
        <Sheet open={!!shown} onClose={() => choose(undefined)} title={shown ?? ""}>
          {shown && <Detail key={shown} symbol={shown} />}
        </Sheet>
      )}
    </div>
  );
}

interface ListProps {
  readonly answer: Answer<ListBetasResponse>;
  readonly rows: readonly Row[];
  /** True when no symbol has a beta. */
  readonly empty: boolean;
  readonly chosen: string | undefined;
  readonly onChoose: (symbol: string) => void;
}

function List({ answer: { reply, heardMs, problem, waiting }, rows, empty, chosen, onChoose }: ListProps) {
  return (
    <Panel title={t().betas.title} provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      <p class="faint">{t().betas.explained}</p>
      {rows.length ? (
        <BetaTable
          rows={rows}
          by={column.value}
          ascending={ascending.value}
          chosen={chosen}
          onSort={sortBy}
          onChoose={onChoose}
        />
      ) : (
        <Empty>{empty ? t().betas.noReturns : t().lists.noMatch}</Empty>
      )}
      <Terms of={["beta", "interval", "correlation", "rSquared", "alpha", "tStatistic"]} />
    </Panel>
  );
}

function Detail({ symbol }: { symbol: string }) {
  const { reply, heardMs, problem, waiting } = useQuery(
    `beta:${symbol}`,
    GetBetaResponseSchema,
    (signal) => market.getBeta({ symbol }, { signal }),
    60_000,
  ).value;
  return (
    <Panel
      title={t().betas.andBtc(baseAsset(symbol))}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {reply && <BetaDetail symbol={symbol} reply={reply} />}
      <div class="older">
        <a class="button" href={symbolPath(symbol)} onClick={follow}>
          {t().betas.goTo(symbol)}
        </a>
      </div>
    </Panel>
  );
}

function sortBy(next: Column): void {
  ascending.value = next === column.value ? !ascending.value : next === "symbol";
  column.value = next;
}
