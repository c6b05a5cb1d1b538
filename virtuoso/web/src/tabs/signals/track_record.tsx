import type { MeanResult, SignalEvidence, SignalRecord, SignalTally } from "virtuoso-market";
import { clock, share, signed } from "../../format.js";
import { now } from "../../state/clock.js";
import type { Answer } from "../../state/query.js";
import { Empty, Panel, Value, signDirection } from "../../ui/index.js";
import type { ListSignalsResponse } from "virtuoso-market";
import { t } from "../../texts/index.js";

// With fewer closed signals the interval of a win rate is too wide to judge.
const MIN_TO_JUDGE = 30;

/** The results of closed signals, and how reliable they are. */
export function TrackRecord({ answer: { reply, heardMs, problem, waiting } }: { answer: Answer<ListSignalsResponse> }) {
  return (
    <Panel title="Record" provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      {reply?.record ? (
        <Figures record={reply.record} />
      ) : (
        <Empty>The record is not available, since the history is down.</Empty>
      )}
    </Panel>
  );
}

function Figures({ record }: { record: SignalRecord }) {
  const all = record.all;
  if (!all?.count) return <Empty>No signal has closed yet.</Empty>;
  const rows = [
    ["All", all],
    ["Long", record.long],
    ["Short", record.short],
    ...record.drivers.map(({ driver, tally }) => [t().dimensions[driver] ?? "Other driver", tally] as const),
  ] as const;
  return (
    <div class="record">
      <p class={all.count < MIN_TO_JUDGE ? "note" : ""}>{verdict(all)}</p>
      {record.evidence && <Evidence evidence={record.evidence} />}
      <div class="scrolls" tabIndex={0} role="region" aria-label="Record by side and by driver">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Signals</th>
              <th scope="col">Closed</th>
              <th scope="col">Won</th>
              <th scope="col">Net R</th>
              <th scope="col">Before costs</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, tally]) => tally && tally.count > 0 && <TallyRow key={name} name={name} tally={tally} />)}
          </tbody>
        </table>
      </div>
      <p class="faint">
        {record.startTime && `Since ${clock(record.startTime, now.peek())}. `}A signal is won when its result is above 0
        before costs. The range of the win rate is its 95 % interval. R is the distance from entry to stop. Net R is the
        mean after taker fees, spread and funding.
      </p>
    </div>
  );
}

/** What the results show beside those of entries by lot. */
function Evidence({ evidence: { sentence, net, baseline } }: { evidence: SignalEvidence }) {
  return (
    <p class="note">
      {sentence} Net mean: {meanOf(net)}. Entries by lot: {meanOf(baseline)}.
    </p>
  );
}

/** Return a mean with its interval. */
function meanOf(mean: MeanResult | undefined): string {
  if (mean?.meanR === undefined) return "none yet";
  const { count, meanR, meanRLow, meanRHigh } = mean;
  const interval = meanRLow === undefined ? "" : `, 95 % interval ${signed(meanRLow, 2)} to ${signed(meanRHigh, 2)}`;
  return `${signed(meanR, 2)} R of ${count}${interval}`;
}

function TallyRow({ name, tally }: { name: string; tally: SignalTally }) {
  const { count, winRate, winRateLow, winRateHigh, meanR, meanNetR } = tally;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{count}</td>
      <td>
        <Value>{share(winRate)}</Value>
        <small class="faint">
          {share(winRateLow)} to {share(winRateHigh)}
        </small>
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

/** Return what the figures show. */
function verdict({ count, wins, winRateLow, winRateHigh }: SignalTally): string {
  const closed = `${count} ${count === 1 ? "signal has" : "signals have"} closed, ${wins} of them with a gain.`;
  if (count < MIN_TO_JUDGE)
    return `${closed} That is too few to judge: the 95 % interval of the win rate is ${share(winRateLow)} to ${share(winRateHigh)}.`;
  return `${closed} The 95 % interval of the win rate is ${share(winRateLow)} to ${share(winRateHigh)}.`;
}
