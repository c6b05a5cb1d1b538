import { t } from "../texts/index.js";
import { type PartId, SMALLEST, elementId, layout, shareOf, withShare } from "./layout.js";

interface Props {
  readonly before: PartId;
  readonly after: PartId;
  /** "vertical" between panels side by side, "horizontal" between rows. */
  readonly orientation: "vertical" | "horizontal";
}

const STEP = 0.02;
const percent = (share: number) => Math.round(100 * share);

/** The line between two parts of the desk. Dragging it or the arrow keys give more room to one of them. */
export function Separator({ before, after, orientation }: Props) {
  const share = shareOf(layout.value, before, after);
  const isVertical = orientation === "vertical";
  const give = (to: number) => {
    layout.value = withShare(layout.peek(), before, after, to);
  };
  return (
    <div
      class={`separator ${orientation}`}
      role="separator"
      tabIndex={0}
      aria-label={t().desk.between(t().desk.parts[before], t().desk.parts[after])}
      aria-orientation={orientation}
      aria-controls={elementId(before)}
      aria-valuenow={percent(share)}
      aria-valuemin={percent(SMALLEST)}
      aria-valuemax={percent(1 - SMALLEST)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={({ currentTarget: line, pointerId, clientX, clientY }) => {
        if (!line.hasPointerCapture(pointerId)) return;
        const first = line.previousElementSibling?.getBoundingClientRect();
        const second = line.nextElementSibling?.getBoundingClientRect();
        if (!first || !second) return;
        if (!isVertical) give((clientY - first.top) / (second.bottom - first.top));
        // From right to left, the first panel is at the right.
        else if (first.left < second.left) give((clientX - first.left) / (second.right - first.left));
        else give((first.right - clientX) / (first.right - second.left));
      }}
      onKeyDown={(event) => {
        const step = stepOf(event.key, isVertical);
        if (!step) return;
        event.preventDefault();
        give(share + step);
      }}
    />
  );
}

/** Return by how much an arrow key moves a border. 0 for other keys. */
function stepOf(key: string, isVertical: boolean): number {
  if (isVertical) return key === "ArrowRight" ? STEP : key === "ArrowLeft" ? -STEP : 0;
  return key === "ArrowDown" ? STEP : key === "ArrowUp" ? -STEP : 0;
}
