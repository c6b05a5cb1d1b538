import type { ConfluenceRow } from "virtuoso-market";
import { score } from "../format.js";

/** Where a score stands, as the service's labels divide it: 40 and less is down, 60 and more is up. */
export function lean(value: number | undefined): "up" | "down" | "flat" {
  return value === undefined ? "flat" : value >= 60 ? "up" : value <= 40 ? "down" : "flat";
}

/** A score, 0-100, as a bar that grows from 50 in the middle: to the right bullish, to the left bearish. Without a value the
 * track is dashed. */
export function ScoreBar({ value, label }: { value: number | undefined; label: string }) {
  const words = `${label} ${value === undefined ? "not measured" : `${score(value)} of 100`}`;
  if (value === undefined) return <span class="bar absent" role="img" aria-label={words} />;
  const from = Math.min(50, value);
  return (
    <span class={`bar ${lean(value)}`} role="img" aria-label={words}>
      <i style={{ left: `${from}%`, width: `${Math.abs(value - 50)}%` }} />
    </span>
  );
}

/** The six dimensions of a row, in the order of the page. */
export const SIX = [
  ["technical", "Technical", "Tech"],
  ["volume", "Volume", "Vol"],
  ["orderflow", "Order flow", "Flow"],
  ["orderbook", "Order book", "Book"],
  ["priceStructure", "Structure", "Struct"],
  ["sentiment", "Sentiment", "Sent"],
] as const;

/** The six dimensions of a row side by side, each with its score and its bar. */
export function DimensionBars({ row }: { row: ConfluenceRow }) {
  return (
    <ul class="six">
      {SIX.map(([field, name, short]) => (
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
