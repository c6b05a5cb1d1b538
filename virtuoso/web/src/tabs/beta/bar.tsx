const MOST = 2; // the end of the bar

/** A beta as a bar from 1 in the middle: to the right it moves more than BTC, to the left less. The whisker is its 95 %
 * range. */
export function BetaBar({ beta, error }: { beta: number; error: number }) {
  const place = (value: number) => Math.max(0, Math.min(100, (value / MOST) * 100));
  const [from, to] = [place(Math.min(1, beta)), place(Math.max(1, beta))];
  const [low, high] = [place(beta - 1.96 * error), place(beta + 1.96 * error)];
  return (
    <span class="beta-bar" aria-hidden="true">
      <i class="beta-size" style={{ left: `${from}%`, width: `${to - from}%` }} />
      <i class="beta-range" style={{ left: `${low}%`, width: `${high - low}%` }} />
    </span>
  );
}
