import { coordinate, score } from "../format.js";
import { t } from "../texts/index.js";
import { scoreDirection } from "./score.js";

const WIDTH = 44;
const HEIGHT = 20;
const SMALLEST = 4; // points: a calm score is a calm line

/** The scores of the last hour as a small line, newest at the right. `scores` are newest first, five minutes apart. */
export function Sparkline({ scores }: { scores: readonly number[] }) {
  if (scores.length < 2) return <span class="sparkline" />;
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const height = Math.max(SMALLEST, high - low);
  const middle = (low + high) / 2;
  const x = (place: number) => WIDTH - 1 - (place * (WIDTH - 2)) / 11;
  const y = (value: number) => HEIGHT / 2 - ((value - middle) / height) * (HEIGHT - 4);
  const points = scores.map((value, place) => `${coordinate(x(place))},${coordinate(y(value))}`).join(" ");
  return (
    <svg
      class={`sparkline ${scoreDirection(scores[0])}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t().scores.lastHour(score(low), score(high))}
    >
      <polyline points={points} />
    </svg>
  );
}
