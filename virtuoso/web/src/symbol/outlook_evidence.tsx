import type { OutlookHorizonRecord, OutlookRecord, OutlookSaidRecord } from "virtuoso-market";
import { ReliabilityCurve } from "../charts/reliability.js";
import { dateTime, fixed, ms, share, signed } from "../format.js";
import { t } from "../texts/index.js";
import { Fact } from "../ui/index.js";

interface Props {
  readonly record: OutlookRecord | undefined;
  /** The record of the horizon that is shown. */
  readonly shown: OutlookHorizonRecord | undefined;
  readonly odds: number | undefined;
}

/** What the odds stand on, what they do not say, and what came of those that were shown. It is closed at first. */
export function OutlookEvidence({ record, shown, odds }: Props) {
  const words = t().outlook;
  return (
    <details class="outlook-evidence">
      <summary>{words.evidence}</summary>
      {shown && shown.tenths.length > 0 && (
        <figure>
          <ReliabilityCurve tenths={shown.tenths} odds={odds} />
          <figcaption class="faint">{words.curveExplained(odds !== undefined)}</figcaption>
        </figure>
      )}
      {shown && shown.steps > 0 && <Figures record={shown} />}
      {record?.said && <p>{saidSoFar(record.said)}</p>}
      <ul>
        {words.caveats.map((caveat) => (
          <li key={caveat}>{caveat}</li>
        ))}
      </ul>
    </details>
  );
}

function Figures({ record }: { record: OutlookHorizonRecord }) {
  const words = t().outlook;
  const { information, informationLow, informationHigh, intervalCoverage, brier, weeks, steps, q, clear } = record;
  const above = weeks.filter((week) => week.information > 0).length;
  return (
    <>
      <dl class="facts">
        <Fact
          name={words.correlation}
          value={signed(information, 2)}
          more={words.between(signed(informationLow, 2), signed(informationHigh, 2))}
        />
        <Fact name={words.weeksAbove} value={words.of(above, weeks.length)} />
        <Fact name={words.coverage} value={share(intervalCoverage)} more={words.coverageIs(share(0.8))} />
        <Fact name={words.brier} value={fixed(brier, 3)} more={words.coin(fixed(0.25, 3))} />
        <Fact name={words.steps} value={String(steps)} />
      </dl>
      {q !== undefined && <p>{words.clear(clear, fixed(q, 3), fixed(0.05, 2))}</p>}
    </>
  );
}

function saidSoFar({ count, sinceTime, intervalCoverage, tenths }: OutlookSaidRecord): string {
  const words = t().outlook;
  if (!count) return words.noneEnded;
  const highest = tenths.at(-1);
  const ended = words.ended(count, dateTime(ms(sinceTime)), share(intervalCoverage));
  return highest ? `${ended} ${words.highest(fixed(100 * highest.said, 0), fixed(100 * highest.was, 0))}` : ended;
}
