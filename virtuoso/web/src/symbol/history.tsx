import { marketTime } from "../state/market_time.js";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMemo } from "preact/hooks";
import { type GetScoreHistoryResponse, GetScoreHistoryResponseSchema } from "virtuoso-market";
import { LineChart } from "../charts/lines.js";
import { clock, durationToMs, ms, price, score } from "../format.js";
import { storedSignal } from "../state/stored_signal.js";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { t } from "../texts/index.js";
import { Empty, Panel, Segmented } from "../ui/index.js";
import { useRow } from "./head.js";

const HOUR_S = 3600;
// Id, text, length of the range in seconds, interval between points in seconds.
const RANGES = [
  ["6h", "6 h", 6 * HOUR_S, 90],
  ["24h", "24 h", 24 * HOUR_S, 300],
  ["7d", "7 d", 168 * HOUR_S, 2400],
] as const;
const LEAST_POINTS = 20; // the chart of a short history has room for so many
type RangeId = (typeof RANGES)[number][0];

const chosen = storedSignal("historyRange", (stored): RangeId => RANGES.find(([id]) => id === stored)?.[0] ?? "24h");

/** The score and the price over time of a symbol that was scored. Nothing of one that never was. */
export function History({ symbol }: { symbol: string }) {
  const [id, words, seconds, resolution] = RANGES.find((one) => one[0] === chosen.value) ?? RANGES[1];
  const { value: answer } = useQuery(
    `history:${symbol}:${id}`,
    GetScoreHistoryResponseSchema,
    (signal) => {
      const start = Math.ceil((marketTime.peek() / 1000 - seconds) / resolution) * resolution; // so that points do not move
      const resolved = { seconds: BigInt(resolution), nanos: 0 };
      return market.getScoreHistory(
        { symbol, startTime: timestampFromMs(start * 1000), resolution: resolved },
        { signal },
      );
    },
    30_000,
  );
  const { reply, heardMs, problem, waiting } = answer;
  const texts = t().scoreHistory;
  if (!reply && (waiting || problem?.reason === "SYMBOL_NOT_TRACKED")) return null;
  return (
    <Panel
      title={texts.title}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
      action={
        <Segmented
          label={texts.range}
          options={RANGES}
          value={id}
          onChange={(value) => {
            chosen.value = value;
          }}
        />
      }
    >
      {reply && !reply.points.length && <Empty>{texts.none(symbol, words)}</Empty>}
      {reply && reply.points.length > 0 && <HistoryChart reply={reply} seconds={seconds} words={words} />}
    </Panel>
  );
}

function HistoryChart({ reply, seconds, words }: { reply: GetScoreHistoryResponse; seconds: number; words: string }) {
  const { symbol, points, provenance } = reply;
  const [scores, prices] = useMemo(() => {
    const at = points.map((point) => ({ at: ms(point.observedTime) ?? 0, point }));
    return [
      at.map(({ at, point }) => ({ at, value: point.score })),
      at.map(({ at, point }) => ({ at, value: point.price })),
    ];
  }, [points]);
  const texts = t().scoreHistory;
  const tickSize = useRow(symbol).value?.tickSize;
  const resolution = durationToMs(reply.resolution) ?? Infinity;
  const end = Math.max(ms(provenance?.observedTime) ?? 0, scores.at(-1)?.at ?? 0);
  const known = points.flatMap((point) => point.score ?? []);
  const began = scores[0] && scores[0].at > end - 950 * seconds ? texts.since(clock(points[0]?.observedTime, end)) : "";
  return (
    <>
      <LineChart
        label={texts.chart(symbol, words)}
        lines={[
          { name: texts.score, points: scores, role: "first", show: score, range: [0, 100] },
          { name: texts.price, points: prices, role: "second", show: (value) => price(value, tickSize) },
        ]}
        span={[Math.max(end - seconds * 1000, Math.min(scores[0]?.at ?? end, end - LEAST_POINTS * resolution)), end]}
        gapMs={1.6 * resolution}
        marks={[30, 50, 70]}
      />
      <p class="faint">
        {known.length
          ? began + texts.between(score(Math.min(...known)), score(Math.max(...known))) + texts.note
          : texts.noScore}
      </p>
    </>
  );
}
