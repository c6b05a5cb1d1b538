import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { shownTheme } from "../state/theme.js";
import { t } from "../texts/index.js";
import type { DepthChart, DepthPicture } from "./depth_chart.js";

interface Props {
  readonly picture: DepthPicture;
  readonly label: string;
  /** Gets the step under the cursor: below 0 for bids, undefined without a cursor. */
  readonly onCursor: (step: number | undefined) => void;
}

/** A chart of an order book. Its code is loaded when it is first shown. */
export function DepthFrame({ picture, label, onCursor }: Props) {
  const hostRef = useRef<HTMLDivElement>(null);
  const onCursorRef = useRef(onCursor);
  useLayoutEffect(() => {
    onCursorRef.current = onCursor;
  });
  const [chart, setChart] = useState<DepthChart>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let created: DepthChart | undefined;
    let unmounted = false;
    const create = async () => {
      const { depthChart } = await import("./depth_chart.js");
      if (unmounted || !hostRef.current) return;
      created = depthChart(hostRef.current, (step) => onCursorRef.current(step));
      setChart(created);
    };
    create().catch(() => setFailed(true));
    return () => {
      unmounted = true;
      created?.remove();
    };
  }, []);
  useEffect(() => {
    if (!chart) return undefined;
    // the style of a new theme applies from the next frame
    let frame = 0;
    const unsubscribe = shownTheme.subscribe(() => {
      frame = requestAnimationFrame(() => chart.draw(picture));
    });
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame); // the chart may be removed before the next frame
    };
  }, [chart, picture]);
  if (failed) return <p class="note">{t().chart.notLoaded}</p>;
  return <div class="depth-frame" ref={hostRef} role="img" aria-label={label} />;
}
