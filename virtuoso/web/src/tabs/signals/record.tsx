import type { SignalRecord, SignalTally } from "virtuoso-market";
import { clock, share, signed } from "../../format.js";
import { now } from "../../state/clock.js";
import type { Answer } from "../../state/query.js";
import { Empty, Panel, Value, way } from "../../ui/index.js";
import type { ListSignalsResponse } from "virtuoso-market";
import { DIMENSIONS } from "../../words.js";

// Below so many closed signals a rate says next to nothing: its interval is wider than half of all that is possible.
const FEW = 30;

/** How closed signals ended, and how far that can be trusted. */
export function Record({ answer: { reply, heardMs, problem, waiting } }: { answer: Answer<ListSignalsResponse> }) {
  return (
    <Panel title="Record" provenance={reply?.provenance} heardMs={heardMs} problem={problem} waiting={waiting}>
      {reply?.record ? (
        <Figures record={reply.record} />
      ) : (
        <Empty>The record cannot be read while the history is down.</Empty>
      )}
    </Panel>
  );
}

function Figures({ record }: { record: SignalRecord }) {
  const all = record.all;
  if (!all?.count) return <Empty>No signal has ended yet: there is nothing to judge.</Empty>;
  const rows = [
    ["All", all],
    ["Long", record.long],
    ["Short", record.short],
    ...record.drivers.map(({ driver, tally }) => [DIMENSIONS[driver] ?? "Another driver", tally] as const),
  ] as const;
  return (
    <div class="record">
      <p class={all.count < FEW ? "note" : ""}>{judgement(all)}</p>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Record by side and by driver">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Signals</th>
              <th scope="col">Ended</th>
              <th scope="col">Won</th>
              <th scope="col">Mean R</th>
              <th scope="col">Expectancy</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, tally]) => tally && tally.count > 0 && <TallyRow key={name} name={name} tally={tally} />)}
          </tbody>
        </table>
      </div>
      <p class="faint">
        {record.startTime && `Since ${clock(record.startTime, now.peek())}. `}Won: a result above 0, with the range in
        which the true rate lies at 95 %. R is the distance from entry to stop. Fees and funding are not in it.
      </p>
    </div>
  );
}

function TallyRow({ name, tally }: { name: string; tally: SignalTally }) {
  const { count, winRate, winRateLow, winRateHigh, meanR, expectancyR } = tally;
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
      <td class={way(meanR)}>
        <Value>{signed(meanR, 2)}</Value>
      </td>
      <td class={way(expectancyR)}>
        <Value>{signed(expectancyR, 2)}</Value>
      </td>
    </tr>
  );
}

/** What the figures allow to say. */
function judgement({ count, wins, winRateLow, winRateHigh }: SignalTally): string {
  const ended = `${count} ${count === 1 ? "signal has" : "signals have"} ended, ${wins} of them with a gain.`;
  if (count < FEW)
    return `${ended} Too few to judge: the true rate may lie anywhere from ${share(winRateLow)} to ${share(winRateHigh)}.`;
  return `${ended} The true rate lies between ${share(winRateLow)} and ${share(winRateHigh)}, if the market stays as it was.`;
}
