import type { ConfluenceRow } from "virtuoso-market";
import { durationToMs, percent } from "../../format.js";
import { t } from "../../texts/index.js";

/** Return the funding rate with its interval: "+0.0100 % / 8 h". */
export function funding({
  fundingPercent,
  fundingInterval,
}: Pick<ConfluenceRow, "fundingPercent" | "fundingInterval">) {
  const hours = (durationToMs(fundingInterval) ?? 0) / 3_600_000;
  return `${percent(fundingPercent, 3)}${hours ? ` / ${hours}${t().units.hours}` : ""}`;
}

/** Marks of an active signal and of opportunities. */
export function Marks({ row }: { row: ConfluenceRow }) {
  const { marks } = t().scores;
  return (
    <>
      {row.longSignal && <Mark class="up" text={marks.long} sign="▲" />}
      {row.shortSignal && <Mark class="down" text={marks.short} sign="▼" />}
      {row.opportunities > 0 && <Mark class="accent" text={marks.opportunities(row.opportunities)} sign="◆" />}
    </>
  );
}

function Mark({ class: name, text, sign }: { class: string; text: string; sign: string }) {
  return (
    <span class={`mark ${name}`} title={text}>
      <span aria-hidden="true">{sign}</span>
      <span class="visually-hidden">{text}</span>
    </span>
  );
}
