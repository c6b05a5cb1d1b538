import { useComputed } from "@preact/signals";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Candle, ListCandlesResponse, VenueMarket } from "virtuoso-market";
import { CandleFrame } from "../charts/frame.js";
import type { Bar } from "../charts/picture.js";
import type { Pages } from "../state/pages.js";
import { t } from "../texts/index.js";
import { Empty, Panel, ProblemNote, Segmented } from "../ui/index.js";
import { LayerChoice } from "./chart/choices.js";
import { toBar, useBars, useEvents, useFormingBars, useScores, useSeries } from "./chart/data.js";
import { Reading, Summary } from "./chart/figures.js";
import { type Frame, chosenFrame, framesOf } from "./chart/frames.js";
import { useFullScreen } from "./chart/full_screen.js";
import { LAYERS, type Layer, UNSCORED_LAYERS, chosenLayers, pictureOf } from "./chart/layers.js";
import { SERIES_LAYERS } from "./chart/series.js";
import { Sources } from "./chart/sources.js";
import { isCurrent, useRow } from "./head.js";
import "../styles/chart.css";

/** The chart of a symbol: candles with indicators, panes below them, and the figures of its bars. It fills the width of its
 * container. `unscored` is its market, if it has no score. */
export function Candles({ symbol, unscored }: { symbol: string; unscored?: Pick<VenueMarket, "tickSize"> }) {
  const frames = framesOf(!unscored);
  const frame = frames.find(({ id }) => id === chosenFrame.value) ?? frames[unscored ? 0 : 1];
  const row = useRow(symbol);
  const tickSize = useComputed(() => row.value?.tickSize).value ?? unscored?.tickSize;
  const offered = unscored ? UNSCORED_LAYERS : LAYERS;
  return frame && <Chart key={`${symbol} ${frame.id}`} {...{ symbol, frame, frames, tickSize, offered }} />;
}

interface ChartProps {
  readonly symbol: string;
  readonly frame: Frame;
  readonly frames: readonly Frame[];
  readonly tickSize: number | undefined;
  readonly offered: readonly Layer[];
}

function Chart({ symbol, frame, frames, tickSize, offered }: ChartProps) {
  const boxRef = useRef<HTMLDivElement>(null);
  const [full, toggleFull] = useFullScreen(boxRef);
  const pages = useBars(symbol, frame);
  const { reply, heardMs, problem, waiting } = pages.answer;
  const bars = useMemo(() => pages.items.map(toBar).reverse(), [pages.items]);
  const words = t().chart;
  const choice = (
    <div class="chart-choices">
      <Segmented
        label={words.barLength}
        options={frames.map(({ id, name }) => [id, name] as const)}
        value={frame.id}
        onChange={(value) => {
          chosenFrame.value = value;
        }}
      />
      <LayerChoice offered={offered} />
      <button type="button" class="button small" aria-pressed={full} onClick={toggleFull}>
        {words.fullScreen}
      </button>
    </div>
  );
  return (
    <div ref={boxRef} class={full ? "chart-box full" : "chart-box"}>
      <Panel
        title={words.title}
        class="candles"
        provenance={reply?.provenance}
        {...{ heardMs, problem, waiting }}
        action={choice}
      >
        {bars.length ? (
          <Candlesticks {...{ symbol, frame, bars, pages, tickSize, offered }} />
        ) : (
          <Empty>{words.none(frame.name, symbol)}</Empty>
        )}
      </Panel>
    </div>
  );
}

interface CandlesticksProps extends Omit<ChartProps, "frames"> {
  readonly bars: readonly Bar[];
  readonly pages: Pages<ListCandlesResponse, Candle>;
}

function Candlesticks({ symbol, frame, bars, pages, tickSize, offered }: CandlesticksProps) {
  const { more, older, fetching, problem } = pages;
  const [range, setRange] = useState<readonly [number, number]>();
  const [cursor, setCursor] = useState<number>();
  const row = useRow(symbol);
  const now = useComputed(() => (isCurrent.value ? row.value?.price : undefined));
  const forming = useFormingBars(symbol, frame, bars);
  const unclosed = useComputed(() => forming.value.map(({ time }) => time).join()).value;
  const chosen = chosenLayers.value;
  const layers = useMemo(() => offered.filter((layer) => chosen.includes(layer)), [offered, chosen]);
  const scores = useScores(symbol, frame, layers.includes("score"));
  const shownSeries = useMemo(() => SERIES_LAYERS.filter((layer) => layers.includes(layer)), [layers]);
  const { series, problem: seriesProblem } = useSeries(symbol, shownSeries);
  const events = useEvents(symbol, pages.answer.reply?.provenance?.venue ?? "");
  const words = t().chart;
  const picture = useMemo(
    () =>
      pictureOf({
        times: [...bars.map(({ time }) => time), ...unclosed.split(",").filter(Boolean).map(Number)],
        ...{ bars, step: frame.step, tickSize, layers },
        ...{ series, scores: scores.points, signals: events.signals, alerts: events.alerts },
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the names in the picture are those of the language
    [bars, unclosed, frame, tickSize, layers, series, scores.points, events.signals, events.alerts, words],
  );
  const [from, to] = range ?? [0, Infinity];
  const shown = bars.filter(({ time }) => time >= from && time <= to);
  return (
    <>
      <Reading picture={picture} forming={forming} cursor={cursor} />
      <CandleFrame
        picture={picture}
        forming={forming}
        price={now}
        label={words.label(frame.name, symbol)}
        onRange={(first, last) => setRange([first, last])}
        onCursor={setCursor}
        onNearStart={() => more && !problem && older()}
      />
      <Sources layers={shownSeries} series={series} />
      <Summary
        bars={shown}
        picture={picture}
        frame={frame.name}
        scores={scores.points.filter(({ at }) => at >= from && at < to + frame.step)}
      />
      <p class="chart-foot">
        {more ? (
          <button type="button" class="button small" disabled={fetching} onClick={older}>
            {fetching ? words.loadingOlder : words.loadOlder}
          </button>
        ) : (
          <span class="faint">{words.noOlder}</span>
        )}
        <a class="faint" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          {words.attribution}
        </a>
      </p>
      {[problem, scores.problem, seriesProblem, events.problem].map(
        (one) => one && <ProblemNote key={one.reason} problem={one} old />,
      )}
    </>
  );
}
