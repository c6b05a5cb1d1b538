import {
  type ListSignalsResponse,
  type MeanResult,
  type SignalRecord,
  type SignalTally,
  SignalVerdict,
} from "virtuoso-market";
import { clock, share, signed } from "../../format.js";
import { now } from "../../state/clock.js";
import type { Answer } from "../../state/query.js";
import { Empty, Panel, Term, Value, signDirection } from "../../ui/index.js";
import { t } from "../../texts/index.js";

// With fewer closed signals the interval of a win rate is too wide to judge.
const MIN_TO_JUDGE = 30;

/** What closed signals show, in one line: their number, their mean after costs, and whether they beat random entries. */
export function EvidenceLine({ record }: { record: SignalRecord | undefined }) {
  const all = record?.all;
  if (!all) return null;
  if (!all.count) return <p class="note">{t().signals.noneClosed}</p>;
  const words = t().record;
  const { evidence } = record;
  return (
    <p class="note">
      {words.ended(all.count, all.wins)}{" "}
      {evidence?.net?.meanR !== undefined && `${words.mean(signed(evidence.net.meanR, 2), interval(evidence.net))} `}
      {words.verdicts[evidence?.verdict ?? SignalVerdict.NOTHING_SHOWN]}
    </p>
  );
}

/** The results of closed signals by side and by driver, once there is one. */
export function TrackRecord({ answer: { reply, heardMs, problem, waiting } }: { answer: Answer<ListSignalsResponse> }) {
  if (reply?.record?.all?.count === 0) return null;
  return (
    <Panel
      title={t().record.title}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {reply?.record ? <Figures record={reply.record} /> : <Empty>{t().record.notAvailable}</Empty>}
    </Panel>
  );
}

function Figures({ record }: { record: SignalRecord }) {
  const { all, evidence } = record;
  if (!all) return null;
  const words = t().record;
  const { columns } = words;
  const rows = [
    [t().lists.all, all],
    [t().sides.long, record.long],
    [t().sides.short, record.short],
    ...record.drivers.map(({ driver, tally }) => [t().dimensions[driver] ?? words.otherDriver, tally] as const),
  ] as const;
  const judged = all.count < MIN_TO_JUDGE ? words.tooFew : words.winRate;
  return (
    <div class="record">
      <p class={all.count < MIN_TO_JUDGE ? "note" : ""}>{judged(share(all.winRateLow), share(all.winRateHigh))}</p>
      {evidence?.baseline?.meanR !== undefined && (
        <p>{words.byLot(signed(evidence.baseline.meanR, 2), interval(evidence.baseline))}</p>
      )}
      <div class="scrolls" tabIndex={0} role="region" aria-label={words.table}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">{columns.signals}</th>
              <th scope="col">{columns.closed}</th>
              <th scope="col">{columns.won}</th>
              <th scope="col">
                <Term of="netR">{columns.net}</Term>
              </th>
              <th scope="col">{columns.gross}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, tally]) => tally && tally.count > 0 && <TallyRow key={name} name={name} tally={tally} />)}
          </tbody>
        </table>
      </div>
      <p class="faint">
        {record.startTime && words.since(clock(record.startTime, now.peek()))}
        {words.explained}
      </p>
    </div>
  );
}

/** Return the 95 % interval of a mean. Empty when there are too few days for one. */
const interval = ({ meanRLow, meanRHigh }: MeanResult): string =>
  meanRLow === undefined ? "" : t().record.range(signed(meanRLow, 2), signed(meanRHigh, 2));

function TallyRow({ name, tally }: { name: string; tally: SignalTally }) {
  const { count, winRate, winRateLow, winRateHigh, meanR, meanNetR } = tally;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{count}</td>
      <td>
        <Value>{share(winRate)}</Value>
        <small class="faint">{t().record.range(share(winRateLow), share(winRateHigh))}</small>
      </td>
      <td class={signDirection(signed(meanNetR, 2))}>
        <Value>{signed(meanNetR, 2)}</Value>
      </td>
      <td class={signDirection(signed(meanR, 2))}>
        <Value>{signed(meanR, 2)}</Value>
      </td>
    </tr>
  );
}
