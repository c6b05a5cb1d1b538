import type { ConfluenceRow } from "virtuoso-market";
import { score } from "../format.js";

/** Return the direction of a score. As in the service's labels, 40 and below is down and 60 and above is up. */
export function scoreDirection(value: number | undefined): "up" | "down" | "flat" {
  return value === undefined ? "flat" : value >= 60 ? "up" : value <= 40 ? "down" : "flat";
}

/** A score, 0-100, as a bar from the middle: to the right above 50, to the left below. A missing score is a dashed line. */
export function ScoreBar({ value, label }: { value: number | undefined; label: string }) {
  const text = `${label} ${value === undefined ? "not measured" : `${score(value)} of 100`}`;
  if (value === undefined) return <span class="bar absent" role="img" aria-label={text} />;
  const from = Math.min(50, value);
  return (
    <span class={`bar ${scoreDirection(value)}`} role="img" aria-label={text}>
      <i style={{ left: `${from}%`, width: `${Math.abs(value - 50)}%` }} />
    </span>
  );
}

/** The six dimensions of a row: field, name and short name. */
export const ROW_DIMENSIONS = [
  ["technical", "Technical", "Tech"],
  ["volume", "Volume", "Vol"],
  ["orderflow", "Order flow", "Flow"],
  ["orderbook", "Order book", "Book"],
  ["priceStructure", "Structure", "Struct"],
  ["sentiment", "Sentiment", "Sent"],
] as const;

/** The six dimensions of a row side by side, each with its score and a bar. */
export function DimensionBars({ row }: { row: ConfluenceRow }) {
  return (
    <ul class="six">
      {ROW_DIMENSIONS.map(([field, name, short]) => (
        <li key={field}>
          <span aria-hidden="true">
            {short} <b class={row[field] === undefined ? "unmeasured" : ""}>{score(row[field])}</b>
          </span>
          <ScoreBar value={row[field]} label={name} />
        </li>
      ))}
    </ul>
  );
}
