import type { OutlookTenth } from "virtuoso-market";
import { coordinate, fixed } from "../format.js";
import { t } from "../texts/index.js";
import { extent, roundTicks, scale } from "./scale.js";
import "../styles/lines.css";

const WIDTH = 232;
const HEIGHT = 200;
const LEFT = 34;
const FOOT = 36;
const TOP = 6;
const LEAST = [0.4, 0.6]; // the axes have at least this range

/** What was said against what was, by tenths of the odds. Where they are equal, a dot is on the dashed line. `odds` are those
 * of the symbol that is shown. */
export function ReliabilityCurve({ tenths, odds }: { tenths: readonly OutlookTenth[]; odds: number | undefined }) {
  const words = t().outlook;
  const range = extent([...LEAST, ...tenths.flatMap(({ said, was }) => [said, was])]) ?? [0, 1];
  const x = scale(range, [LEFT, WIDTH - 4]);
  const y = scale(range, [HEIGHT - FOOT, TOP]);
  const ticks = roundTicks(range, 3);
  const path = tenths.map(({ said, was }, index) => `${index ? "L" : "M"}${coordinate(x(said))} ${coordinate(y(was))}`);
  const pairs = tenths.map(({ said, was }) => words.pair(percent(said), percent(was)));
  return (
    <svg
      class="reliability"
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`${words.curve}: ${pairs.join("; ")}`}
    >
      <g class="lines-grid">
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={WIDTH - 4} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 6} y={y(tick)} dy="0.35em" text-anchor="end">
              {percent(tick)}
            </text>
            <text x={x(tick)} y={HEIGHT - FOOT + 14} text-anchor="middle">
              {percent(tick)}
            </text>
          </g>
        ))}
        <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 5} text-anchor="middle">
          {words.saidAxis}
        </text>
        <text class="reliability-side" x={-(HEIGHT - FOOT) / 2} y={9} text-anchor="middle">
          {words.wasAxis}
        </text>
      </g>
      <path class="lines-path second" d={`M${x(range[0])} ${y(range[0])}L${x(range[1])} ${y(range[1])}`} />
      {odds !== undefined && <line class="lines-cursor" x1={x(odds)} x2={x(odds)} y1={TOP} y2={HEIGHT - FOOT} />}
      <path class="lines-path first" d={path.join("")} />
      {tenths.map(({ said, was }) => (
        <circle key={said} class="lines-dot first" cx={x(said)} cy={y(was)} r={3.5} />
      ))}
    </svg>
  );
}

const percent = (odds: number) => fixed(100 * odds, 0);
