import { useComputed } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import { type Candle, type ListCandlesResponse, ListCandlesResponseSchema, Timeframe } from "virtuoso-market";
import type { Bar } from "../charts/candle_chart.js";
import { CandleFrame } from "../charts/frame.js";
import { dateTime, ms, price, usd } from "../format.js";
import { storedSignal } from "../state/stored_signal.js";
import { live } from "../state/live.js";
import { market } from "../state/market.js";
import { type Pages, usePages } from "../state/pages.js";
import { Change, Empty, Fact, Panel, ProblemNote, Segmented } from "../ui/index.js";
import { isCurrent, useRow } from "./head.js";

const FRAMES = [
  ["1m", "1m", Timeframe.TIMEFRAME_1M, 60],
  ["5m", "5m", Timeframe.TIMEFRAME_5M, 300],
  ["15m", "15m", Timeframe.TIMEFRAME_15M, 900],
  ["30m", "30m", Timeframe.TIMEFRAME_30M, 1800],
  ["1h", "1h", Timeframe.TIMEFRAME_1H, 3600],
  ["4h", "4h", Timeframe.TIMEFRAME_4H, 14_400],
  ["1d", "1D", Timeframe.TIMEFRAME_1D, 86_400],
] as const;

/** The shortest bars of a market that is not tracked, in seconds. */
const UNTRACKED_STEP = 1800;
type Frame = (typeof FRAMES)[number];

const chosen = storedSignal("timeframe", (stored): Frame[0] => FRAMES.find(([id]) => id === stored)?.[0] ?? "5m");

/** The candle chart of a symbol, and its figures. A market that is not tracked has no bars of minutes. */
export function Candles({ symbol, tracked = true }: { symbol: string; tracked?: boolean }) {
  const frames = FRAMES.filter(([, , , step]) => tracked || step >= UNTRACKED_STEP);
  const frame = frames.find(([id]) => id === chosen.value) ?? frames[tracked ? 1 : 0] ?? FRAMES[1];
  return <Chart key={`${symbol} ${frame[0]}`} symbol={symbol} frame={frame} frames={frames} />;
}

function Chart({ symbol, frame, frames }: { symbol: string; frame: Frame; frames: readonly Frame[] }) {
  const [id, words, timeframe, step] = frame;
  const pages = usePages(
    `candles:${symbol}:${id}`,
    ListCandlesResponseSchema,
    {
      call: (pageToken, signal) => market.listCandles({ symbol, timeframe, pageSize: 300, pageToken }, { signal }),
      items: ({ candles }) => candles,
      next: ({ nextPageToken }) => nextPageToken,
      id: (candle) => String(opened(candle)),
      rank: opened,
    },
    15_000,
    (reply) => newBarIsDue(reply, step),
  );
  const { reply, heardMs, problem, waiting } = pages.answer;
  const bars = useMemo(() => pages.items.map(toBar).reverse(), [pages.items]);
  const choice = (
    <Segmented
      label="Bar length"
      options={frames}
      value={id}
      onChange={(value) => {
        chosen.value = value;
      }}
    />
  );
  return (
    <Panel
      title="Price"
      class="candles"
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
      action={choice}
    >
      {bars.length ? (
        <CandleFigures symbol={symbol} words={words} step={step} bars={bars} pages={pages} />
      ) : (
        <Empty>
          There are no {words} bars of {symbol} yet.
        </Empty>
      )}
    </Panel>
  );
}

interface CandleFiguresProps {
  readonly symbol: string;
  readonly words: string;
  readonly step: number;
  readonly bars: readonly Bar[];
  readonly pages: Pages<ListCandlesResponse, Candle>;
}

function CandleFigures({ symbol, words, step, bars, pages }: CandleFiguresProps) {
  const { more, older, fetching, problem } = pages;
  const [range, setRange] = useState<readonly [number, number]>();
  const [cursor, setCursor] = useState<number>();
  const row = useRow(symbol);
  const tickSize = row.value?.tickSize;
  const now = useComputed(() => (isCurrent.value ? row.value?.price : undefined));
  const bar = bars.find(({ time }) => time === cursor) ?? bars.at(-1);
  const shown = range ? bars.filter(({ time }) => time >= range[0] && time <= range[1]) : bars;
  return (
    <>
      {bar && <Reading bar={bar} tickSize={tickSize} />}
      <CandleFrame
        bars={bars}
        step={step}
        price={now}
        tickSize={tickSize}
        label={`${words} candles of ${symbol}: arrow keys scroll, plus and minus zoom`}
        onRange={(from, to) => setRange([from, to])}
        onCursor={setCursor}
        onNearStart={() => more && !problem && older()}
      />
      <Summary bars={shown} words={words} tickSize={tickSize} />
      <p class="chart-foot">
        {more ? (
          <button type="button" class="button small" disabled={fetching} onClick={older}>
            {fetching ? "Loading older bars" : "Load older bars"}
          </button>
        ) : (
          <span class="faint">There are no older bars.</span>
        )}
        <a class="faint" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          Charts by TradingView
        </a>
      </p>
      {problem && <ProblemNote problem={problem} old />}
    </>
  );
}

/** The figures of the bar under the cursor, or of the newest bar. */
function Reading({ bar, tickSize }: { bar: Bar; tickSize: number | undefined }) {
  const show = (value: number) => price(value, tickSize);
  const up = bar.close >= bar.open;
  return (
    <p class="bar-reading" aria-hidden="true">
      <time>{stamp(bar.time)}</time>
      <span class={up ? "up" : "down"}>
        O <b>{show(bar.open)}</b> H <b>{show(bar.high)}</b> L <b>{show(bar.low)}</b> C <b>{show(bar.close)}</b>
      </span>
      <span>
        V <b>{usd(bar.volume).replace("$", "")}</b>
      </span>
    </p>
  );
}

interface SummaryProps {
  readonly bars: readonly Bar[];
  readonly words: string;
  readonly tickSize: number | undefined;
}

/** A summary of the visible bars. Screen readers use it in place of the canvas. */
function Summary({ bars, words, tickSize }: SummaryProps) {
  const first = bars[0];
  const last = bars.at(-1);
  if (!first || !last) return null;
  const figures = [
    ["Open", first.open],
    ["High", Math.max(...bars.map(({ high }) => high))],
    ["Low", Math.min(...bars.map(({ low }) => low))],
    ["Close", last.close],
  ] as const;
  return (
    <div class="chart-summary">
      <p class="faint">
        {bars.length} bars of {words}, from {stamp(first.time)} to {stamp(last.time)}
      </p>
      <dl class="facts">
        {figures.map(([name, value]) => (
          <Fact key={name} name={name} value={price(value, tickSize)} />
        ))}
        <div>
          <dt>Change</dt>
          <dd>
            <Change value={(last.close / first.open - 1) * 100} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

const opened = ({ openTime }: Candle): number => ms(openTime) ?? 0;

const toBar = (candle: Candle): Bar => {
  const { open, high, low, close, volume } = candle;
  return { time: opened(candle) / 1000, open, high, low, close, volume };
};

const stamp = (seconds: number) => dateTime(seconds ? seconds * 1000 : undefined);

/** Return true when the bar after the newest one has closed, by the market's clock. */
function newBarIsDue({ candles }: ListCandlesResponse, step: number): boolean {
  const newest = candles.at(-1);
  const marketMs = ms(live.value.dashboard?.provenance.observedTime);
  return !newest || marketMs === undefined || marketMs >= opened(newest) + 2000 * step;
}
