import {
  GetOutlookRecordResponseSchema,
  ListOutlooksResponseSchema,
  type Outlook,
  OutlookAbsence,
  OutlookHorizon,
  type OutlookHorizonRecord,
} from "virtuoso-market";
import { clock, fixed, percent, signed } from "../format.js";
import { market } from "../state/market.js";
import { marketTime } from "../state/market_time.js";
import { useQuery } from "../state/query.js";
import { t } from "../texts/index.js";
import { Panel, baseAsset } from "../ui/index.js";
import { OutlookEvidence } from "./outlook_evidence.js";
import "../styles/outlook.css";

const INTERVAL_MS = 60_000; // an outlook is made once in 4 hours

/** The odds that a symbol beats the median market, or why there are none; and the record of such odds. */
export function OutlookPanel({ symbol }: { symbol: string }) {
  const { reply, ...answer } = useQuery(
    `outlook:${symbol}`,
    ListOutlooksResponseSchema,
    (signal) => market.listOutlooks({ symbols: [symbol] }, { signal }),
    INTERVAL_MS,
  ).value;
  const record = useQuery(
    "outlookRecord",
    GetOutlookRecordResponseSchema,
    (signal) => market.getOutlookRecord({}, { signal }),
    INTERVAL_MS,
  ).value.reply?.record;
  const shown = record?.horizons.find(({ horizon }) => horizon === OutlookHorizon.HOURS_24);
  // The list has all tracked symbols and the whole universe, once the bars are read.
  const unlisted = record?.barTime ? OutlookAbsence.NOT_IN_UNIVERSE : OutlookAbsence.BARS_UNREAD;
  const outlook = reply?.outlooks[0];
  return (
    <Panel title={t().outlook.title} provenance={reply?.provenance} {...answer} class="outlook">
      {outlook?.odds === undefined ? (
        <Absent absence={outlook?.absence ?? unlisted} record={shown} />
      ) : (
        <Said outlook={outlook} record={shown} />
      )}
      <OutlookEvidence record={record} shown={shown} odds={outlook?.odds} />
    </Panel>
  );
}

function Said({ outlook, record }: { outlook: Outlook; record: OutlookHorizonRecord | undefined }) {
  const words = t().outlook;
  const { symbol, oddsPercent, lowPercent, highPercent, barTime } = outlook;
  const highest = record?.tenths.at(-1);
  return (
    <>
      <p>
        <b>{words.said(fixed(oddsPercent, 0), baseAsset(symbol))}</b>{" "}
        {words.interval(signed(lowPercent), percent(highPercent, 1))}{" "}
        {highest && words.highest(fixed(100 * highest.said, 0), fixed(100 * highest.was, 0))} {words.says}
      </p>
      <p class="faint">{words.countsFrom(clock(barTime, marketTime.peek()))}</p>
    </>
  );
}

function Absent({ absence, record }: { absence: OutlookAbsence; record: OutlookHorizonRecord | undefined }) {
  const words = t().outlook;
  const short = absence === OutlookAbsence.RECORD_TOO_SHORT && record;
  return (
    <p>
      {words.absences[absence] ?? words.otherAbsence} {short && words.stepsSoFar(record.steps)}
    </p>
  );
}
