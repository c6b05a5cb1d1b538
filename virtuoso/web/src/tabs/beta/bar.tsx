const MAX_BETA = 2; // the right end of the bar

/** A beta as a bar from 1 in the middle: to the right above 1, to the left below. The thin line is its 95 % interval. */
export function BetaBar({ beta, error }: { beta: number; error: number }) {
  const place = (value: number) => Math.max(0, Math.min(100, (value / MAX_BETA) * 100));
  const [from, to] = [place(Math.min(1, beta)), place(Math.max(1, beta))];
  const [low, high] = [place(beta - 1.96 * error), place(beta + 1.96 * error)];
  return (
    <span class="beta-bar" aria-hidden="true">
      <i class="beta-size" style={{ left: `${from}%`, width: `${to - from}%` }} />
      <i class="beta-range" style={{ left: `${low}%`, width: `${high - low}%` }} />
    </span>
  );
}
