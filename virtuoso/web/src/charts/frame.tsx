import { type ReadonlySignal, effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { shownTheme } from "../state/theme.js";
import { t } from "../texts/index.js";
import type { CandleChart, CandleListener } from "./candle_chart.js";
import type { FormingBar, Picture } from "./picture.js";

interface Props extends CandleListener {
  readonly picture: Picture;
  /** The bars that have not closed, oldest first. */
  readonly forming: ReadonlySignal<readonly FormingBar[]>;
  /** The current price. Undefined while it is not known: the bars that have not closed are then grey. */
  readonly price: ReadonlySignal<number | undefined>;
  readonly label: string;
}

const KEYS: Readonly<Record<string, (chart: CandleChart) => void>> = {
  ArrowLeft: (chart) => chart.scroll(-8),
  ArrowRight: (chart) => chart.scroll(8),
  "+": (chart) => chart.zoom(0.8),
  "=": (chart) => chart.zoom(0.8),
  "-": (chart) => chart.zoom(1.25),
};

/** A candle chart. Its code is loaded when a chart first comes near the screen. */
export function CandleFrame({ picture, forming, price, label, ...listener }: Props) {
  const hostRef = useRef<HTMLDivElement>(null);
  const listenerRef = useRef(listener);
  useLayoutEffect(() => {
    listenerRef.current = listener;
  });
  const [chart, setChart] = useState<CandleChart>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let created: CandleChart | undefined;
    let unmounted = false;
    const create = async () => {
      const { candleChart } = await import("./candle_chart.js");
      if (unmounted || !hostRef.current) return;
      created = candleChart(hostRef.current, {
        onRange: (from, to) => listenerRef.current.onRange(from, to),
        onCursor: (time) => listenerRef.current.onCursor(time),
        onNearStart: () => listenerRef.current.onNearStart(),
      });
      setChart(created);
    };
    const near = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        near.disconnect();
        create().catch(() => setFailed(true));
      },
      { rootMargin: "600px" },
    );
    if (hostRef.current) near.observe(hostRef.current);
    return () => {
      unmounted = true;
      near.disconnect();
      created?.remove();
    };
  }, []);
  useEffect(() => chart?.draw(picture), [chart, picture]);
  useEffect(() => chart && effect(() => chart.form(forming.value, price.value !== undefined)), [chart, forming, price]);
  useEffect(() => chart && effect(() => chart.mark(price.value)), [chart, price]);
  useEffect(() => {
    if (!chart) return undefined;
    // the style of a new theme applies from the next frame
    return shownTheme.subscribe(() => void requestAnimationFrame(chart.recolour));
  }, [chart]);
  if (failed) return <p class="note">{t().chart.notLoaded}</p>;
  return (
    <div
      class="candle-frame"
      style={{ "--panes": String(picture.panes.length - 1) }}
      ref={hostRef}
      role="application"
      aria-label={label}
      tabIndex={0}
      onKeyDown={({ key }) => chart && KEYS[key]?.(chart)}
    />
  );
}
