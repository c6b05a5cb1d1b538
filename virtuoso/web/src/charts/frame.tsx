import { type ReadonlySignal, effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { shade } from "../state/theme.js";
import type { Bar, CandleChart, CandleListener } from "./candle_chart.js";

interface Props extends CandleListener {
  /** Oldest first. */
  readonly bars: readonly Bar[];
  /** Length of a bar, seconds. */
  readonly step: number;
  /** The present price. */
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

/** A place for a candle chart, whose code is fetched when that comes near the screen for the first time. */
export function CandleFrame({ bars, step, price, label, ...listener }: Props) {
  const hostRef = useRef<HTMLDivElement>(null);
  const listenerRef = useRef(listener);
  useLayoutEffect(() => {
    listenerRef.current = listener;
  });
  const [chart, setChart] = useState<CandleChart>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let made: CandleChart | undefined;
    let gone = false;
    const make = async () => {
      const { candleChart } = await import("./candle_chart.js");
      if (gone || !hostRef.current) return;
      made = candleChart(hostRef.current, {
        shows: (from, to) => listenerRef.current.shows(from, to),
        reads: (time) => listenerRef.current.reads(time),
        nearsEnd: () => listenerRef.current.nearsEnd(),
      });
      setChart(made);
    };
    const near = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        near.disconnect();
        make().catch(() => setFailed(true));
      },
      { rootMargin: "600px" },
    );
    if (hostRef.current) near.observe(hostRef.current);
    return () => {
      gone = true;
      near.disconnect();
      made?.remove();
    };
  }, []);
  useEffect(() => chart?.draw(bars, step), [chart, bars, step]);
  useEffect(() => chart && effect(() => chart.mark(price.value)), [chart, price]);
  useEffect(() => {
    if (!chart) return undefined;
    // a frame later the style of the new theme is in force
    return shade.subscribe(() => void requestAnimationFrame(chart.colour));
  }, [chart]);
  if (failed) return <p class="note">The chart could not be fetched; the figures below are of the same bars.</p>;
  return (
    <div
      class="candle-frame"
      ref={hostRef}
      role="application"
      aria-label={label}
      tabIndex={0}
      onKeyDown={({ key }) => chart && KEYS[key]?.(chart)}
    />
  );
}
