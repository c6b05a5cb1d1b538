const WIDTH = 96;
const HEIGHT = 28;

/** A line without axes; it is broken where a point is undefined. `label` says in words what it shows. */
export function Sparkline({ points, label }: { points: readonly (number | undefined)[]; label: string }) {
  const known = points.filter((point) => point !== undefined);
  if (known.length < 2) return <span class="faint">too little to draw</span>;
  const low = Math.min(...known);
  const scale = (Math.max(...known) - low || 1) / (HEIGHT - 2);
  const step = WIDTH / (points.length - 1);
  let pen = "M";
  const path = points.map((point, at) => {
    if (point === undefined) {
      pen = "M";
      return "";
    }
    const command = `${pen}${(at * step).toFixed(1)} ${(HEIGHT - 1 - (point - low) / scale).toFixed(1)}`;
    pen = "L";
    return command;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path.join("")} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
