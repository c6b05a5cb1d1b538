import { signal } from "@preact/signals";
import { ListSignalsResponseSchema, Side, type Signal } from "virtuoso-market";
import { ms } from "../../format.js";
import { storedSignal } from "../../state/stored_signal.js";
import { live } from "../../state/live.js";
import { market } from "../../state/market.js";
import { usePages } from "../../state/pages.js";
import { useQuery } from "../../state/query.js";
import { Empty, Panel, Segmented } from "../../ui/index.js";
import { OlderButton } from "../older.js";
import { SymbolSearch, matchesSearch } from "../search.js";
import { SignalCard } from "./card.js";
import { ClosedRow } from "./closed.js";
import { TrackRecord } from "./track_record.js";
import "../../styles/lists.css";
import "../../styles/signals.css";

const SIDES = [
  ["both", "Both", Side.UNSPECIFIED],
  ["long", "Long", Side.LONG],
  ["short", "Short", Side.SHORT],
] as const;
type SideId = (typeof SIDES)[number][0];
const SHOWN = [
  ["all", "All"],
  ["active", "Active"],
  ["closed", "Closed"],
] as const;
type Shown = (typeof SHOWN)[number][0];

const chosenSide = storedSignal("signalSide", (stored): SideId => SIDES.find(([id]) => id === stored)?.[0] ?? "both");
const chosenShown = storedSignal("signalsShown", (stored): Shown => SHOWN.find(([id]) => id === stored)?.[0] ?? "all");
const search = signal("");

/** The active signals, the closed signals and the record. */
export default function Signals() {
  const shown = chosenShown.value;
  const active = useQuery("signals:active", ListSignalsResponseSchema, (signal) =>
    market.listSignals({ active: true, pageSize: 500 }, { signal }),
  ).value;
  return (
    <div class="list-page">
      <h1 class="visually-hidden">Signals</h1>
      <Segmented
        label="Status"
        options={SHOWN}
        value={shown}
        onChange={(value) => {
          chosenShown.value = value;
        }}
      />
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
        label="Side"
        options={SIDES}
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
      title={reply ? `Active (${listed.length})` : "Active"}
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
        <Empty>
          {all.length
            ? `The filters hide all ${all.length} active signals.`
            : "There are no active signals. A signal opens when a score reaches 70 or 30 with a confidence of at least 50 %."}
        </Empty>
      )}
    </Panel>
  );
}

function Closed() {
  const side = SIDES.find(([id]) => id === chosenSide.value)?.[2] ?? Side.UNSPECIFIED;
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
    <Panel title="Closed" provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      {listed.length ? (
        <ul class="rows">
          {listed.map((one) => (
            <ClosedRow key={one.id} signal={one} />
          ))}
        </ul>
      ) : (
        <Empty>{pages.items.length ? "No loaded signal matches the search." : "No signal has closed yet."}</Empty>
      )}
      <OlderButton pages={pages} what="signals" />
    </Panel>
  );
}

function passesFilters({ side, symbol }: Signal): boolean {
  const wanted = SIDES.find(([id]) => id === chosenSide.value)?.[2];
  return (!wanted || side === wanted) && matchesSearch(symbol, search.value);
}

/** Return the symbol when the search is its full name, with or without USDT. The service then returns this symbol only. */
function symbolOf(text: string): string | undefined {
  const name = text.trim().toUpperCase();
  const whole = name.endsWith("USDT") ? name : `${name}USDT`;
  return live.value.dashboard?.rows.has(whole) ? whole : undefined;
}
