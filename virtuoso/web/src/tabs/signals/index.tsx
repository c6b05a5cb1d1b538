import { signal } from "@preact/signals";
import { ListSignalsResponseSchema, Side, type Signal } from "virtuoso-market";
import { ms } from "../../format.js";
import { storedSignal } from "../../state/stored_signal.js";
import { live } from "../../state/live.js";
import { market } from "../../state/market.js";
import { usePages } from "../../state/pages.js";
import { useQuery } from "../../state/query.js";
import { Empty, Panel, Segmented, Terms } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { OlderButton } from "../older.js";
import { SymbolSearch, matchesSearch } from "../search.js";
import { SignalCard } from "./card.js";
import { ClosedRow } from "./closed.js";
import { EvidenceLine, TrackRecord } from "./track_record.js";
import "../../styles/lists.css";
import "../../styles/signals.css";

const SIDES = { both: Side.UNSPECIFIED, long: Side.LONG, short: Side.SHORT };
type SideId = keyof typeof SIDES;
const SIDE_IDS = Object.keys(SIDES) as SideId[];
const SHOWN = ["all", "active", "closed"] as const;
type Shown = (typeof SHOWN)[number];

const chosenSide = storedSignal("signalSide", (stored): SideId => SIDE_IDS.find((id) => id === stored) ?? "both");
const chosenShown = storedSignal("signalsShown", (stored): Shown => SHOWN.find((id) => id === stored) ?? "all");
const search = signal("");

/** The active signals, the closed signals and the record. */
export default function Signals() {
  const shown = chosenShown.value;
  const active = useQuery("signals:active", ListSignalsResponseSchema, (signal) =>
    market.listSignals({ active: true, pageSize: 500 }, { signal }),
  ).value;
  return (
    <div class="list-page">
      <h1 class="visually-hidden">{t().shell.tabs.signals}</h1>
      <Segmented
        label={t().signals.status}
        options={SHOWN.map((id) => [id, t().signals.shown[id]] as const)}
        value={shown}
        onChange={(value) => {
          chosenShown.value = value;
        }}
      />
      <EvidenceLine record={active.reply?.record} />
      <Terms of={["r", "netR", "interval", "randomEntries", "chance", "confidence"]} />
      <Filters />
      <div class="signals-columns">
        {shown !== "closed" && <Active answer={active} />}
        {shown !== "active" && (
          <div>
            <TrackRecord answer={active} />
            <Closed />
          </div>
        )}
      </div>
    </div>
  );
}

function Filters() {
  return (
    <div class="filters">
      <Segmented
        label={t().signals.side}
        options={SIDE_IDS.map((id) => [id, t().sides[id]] as const)}
        value={chosenSide.value}
        onChange={(value) => {
          chosenSide.value = value;
        }}
      />
      <SymbolSearch text={search} />
    </div>
  );
}

function Active({ answer }: { answer: ReturnType<typeof useQuery<typeof ListSignalsResponseSchema>>["value"] }) {
  const { reply, heardMs, problem, waiting } = answer;
  const all = reply?.signals ?? [];
  const listed = all.filter(passesFilters);
  return (
    <Panel
      title={reply ? t().signals.activeCount(listed.length) : t().signals.active}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {listed.length ? (
        <ul class="cards">
          {listed.map((one) => (
            <SignalCard key={one.id} signal={one} />
          ))}
        </ul>
      ) : (
        <Empty>{all.length ? t().signals.filtersHide(all.length) : t().signals.noneActive}</Empty>
      )}
    </Panel>
  );
}

function Closed() {
  const side = SIDES[chosenSide.value];
  const symbol = symbolOf(search.value);
  const pages = usePages(`signals:closed:${side}:${symbol ?? ""}`, ListSignalsResponseSchema, {
    call: (pageToken, signal) =>
      market.listSignals({ active: false, side, symbols: symbol ? [symbol] : [], pageSize: 50, pageToken }, { signal }),
    items: ({ signals }) => signals,
    next: ({ nextPageToken }) => nextPageToken,
    id: ({ id }) => id,
    rank: (one) => ms(one.openTime) ?? 0,
  });
  const { reply, heardMs, problem, waiting } = pages.answer;
  const listed = pages.items.filter(passesFilters);
  return (
    <Panel
      title={t().signals.closed}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {listed.length ? (
        <ul class="rows">
          {listed.map((one) => (
            <ClosedRow key={one.id} signal={one} />
          ))}
        </ul>
      ) : (
        <Empty>{pages.items.length ? t().signals.noneLoaded : t().signals.noneClosed}</Empty>
      )}
      <OlderButton pages={pages} words={[t().lists.olderSignals, t().lists.loadingOlderSignals]} />
    </Panel>
  );
}

function passesFilters({ side, symbol }: Signal): boolean {
  const wanted = SIDES[chosenSide.value];
  return (!wanted || side === wanted) && matchesSearch(symbol, search.value);
}

/** Return the symbol when the search is its full name, with or without USDT. The service then returns this symbol only. */
function symbolOf(text: string): string | undefined {
  const name = text.trim().toUpperCase();
  const whole = name.endsWith("USDT") ? name : `${name}USDT`;
  return live.value.dashboard?.rows.has(whole) ? whole : undefined;
}
