import type { ConfluenceRow } from "virtuoso-market";
import { ABSENT, score } from "../format.js";
import { t } from "../texts/index.js";
import { ROW_DIMENSIONS } from "./dimensions.js";

/** Return the direction of a score. As in the service's labels, 40 and below is down and 60 and above is up. */
export function scoreDirection(value: number | undefined): "up" | "down" | "flat" {
  return value === undefined ? "flat" : value >= 60 ? "up" : value <= 40 ? "down" : "flat";
}

const MIN_SIZE = 0.02; // so that a score of 50 is visible

/** A score, 0-100, as a bar from the middle: to the right above 50, to the left below. A missing score is a dashed line. */
export function ScoreBar({ value, label }: { value: number | undefined; label: string }) {
  const text = `${label} ${value === undefined ? t().notMeasured : t().scores.of100(score(value))}`;
  if (value === undefined) return <span class="bar absent" role="img" aria-label={text} />;
  const size = Math.max(MIN_SIZE, Math.abs(value - 50) / 100);
  const from = value < 50 ? 50 - 100 * size : 50;
  return (
    <span class={`bar ${scoreDirection(value)}`} role="img" aria-label={text}>
      <i style={{ transform: `translateX(${from}%) scaleX(${size})` }} />
    </span>
  );
}

/** The six dimensions of a row side by side, each with its score and a bar. */
export function DimensionBars({ row }: { row: ConfluenceRow }) {
  return (
    <ul class="six">
      {ROW_DIMENSIONS.map((field) => (
        <li key={field}>
          <span aria-hidden="true">
            {t().scores.short[field]} <DimensionScore>{score(row[field])}</DimensionScore>
          </span>
          <ScoreBar value={row[field]} label={t().scores.fields[field]} />
        </li>
      ))}
    </ul>
  );
}

// A new element for each text: otherwise a text that becomes longer counts as one that moved.
const DimensionScore = ({ children }: { children: string }) => (
  <b key={children} class={children === ABSENT ? "unmeasured" : ""}>
    {children}
  </b>
);
