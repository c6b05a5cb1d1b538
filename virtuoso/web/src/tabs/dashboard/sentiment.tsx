import { useState } from "preact/hooks";
import { type Component, GetSentimentResponseSchema, type Sentiment } from "virtuoso-market";
import { fixed, percent, score, share, signed, unitText, usd } from "../../format.js";
import { market } from "../../state/market.js";
import { useQuery } from "../../state/query.js";
import { Empty, Panel, ScoreBar, Sheet, Term } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { BreadthBar, Fact } from "./market.js";

/** The sentiment of the market: a gauge from fear to greed, its sentence, and its components in a sheet. */
export function SentimentPanel() {
  const [open, setOpen] = useState(false);
  const { reply, ...answer } = useQuery("sentiment", GetSentimentResponseSchema, (signal) =>
    market.getSentiment({}, { signal }),
  ).value;
  const sentiment = reply?.sentiment;
  return (
    <Panel title={t().sentiment.title} term="gauge" provenance={reply?.provenance} {...answer} class="sentiment">
      {sentiment ? (
        <>
          <button type="button" class="gauge-button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
            <Gauge value={sentiment.gauge} />
            <span>
              <span lang="en">{sentiment.sentence}</span> <span class="more">{t().sentiment.details}</span>
            </span>
          </button>
          <Sheet open={open} onClose={() => setOpen(false)} title={t().sentiment.title}>
            <Components sentiment={sentiment} />
          </Sheet>
        </>
      ) : (
        <Empty>{t().sentiment.notMeasured}</Empty>
      )}
    </Panel>
  );
}

function gaugeWord(exact: number): string {
  const value = Math.round(exact); // the number that is shown beside the word
  const { words } = t().sentiment;
  if (value < 25) return words.extremeFear;
  if (value < 45) return words.fear;
  if (value <= 55) return words.neutral;
  return value <= 75 ? words.greed : words.extremeGreed;
}

const RADIUS = 42;
const HALF = Math.PI * RADIUS;

/** An arc from 0, fear, to 100, greed. It is filled from the middle, like the bars of scores. */
function Gauge({ value }: { value: number | undefined }) {
  const arc = `M8 50A${RADIUS} ${RADIUS} 0 0 1 92 50`;
  if (value === undefined) {
    return (
      <svg class="gauge" viewBox="0 0 100 60" role="img" aria-label={t().sentiment.gaugeNotMeasured}>
        <path class="arc absent" d={arc} />
        <text x="50" y="50">
          –
        </text>
      </svg>
    );
  }
  const turn = Math.PI * (1 - value / 100);
  const lean = value > 55 ? "up" : value < 45 ? "down" : "flat";
  const filled = { strokeDasharray: `${(HALF * Math.abs(value - 50)) / 100} ${HALF}` };
  const offset = { strokeDashoffset: `${(-HALF * Math.min(50, value)) / 100}` };
  return (
    <svg
      class={`gauge ${lean}`}
      viewBox="0 0 100 60"
      role="img"
      aria-label={t().sentiment.gauge(score(value), gaugeWord(value))}
    >
      <path class="arc" d={arc} />
      <path class="filled" d={arc} style={{ ...filled, ...offset }} />
      <circle cx={50 + RADIUS * Math.cos(turn)} cy={50 - RADIUS * Math.sin(turn)} r="5" />
      <text x="50" y="44">
        {score(value)}
      </text>
      <text class="word" x="50" y="58">
        {gaugeWord(value)}
      </text>
    </svg>
  );
}

function Components({ sentiment }: { sentiment: Sentiment }) {
  const words = t().sentiment;
  return (
    <>
      <p lang="en">{sentiment.sentence}</p>
      <p class="muted">
        {words.explained(score(sentiment.gauge), share(sentiment.coverage), share(sentiment.confidence))}
      </p>
      <ul class="parts-list">
        {sentiment.parts.map((component) => (
          <ComponentItem key={component.name} component={component} />
        ))}
      </ul>
      <dl class="market-facts">
        <Fact name={<Term of="funding">{words.fundingMean}</Term>} note={words.byTurnoverPerDay}>
          {percent(sentiment.fundingMeanDayPercent, 4)}
        </Fact>
        <Fact name={words.fundingMedian} note={words.perDay}>
          {percent(sentiment.fundingMedianDayPercent, 4)}
        </Fact>
        <Fact name={<Term of="openInterest">{words.openInterest}</Term>}>{usd(sentiment.openInterestUsd)}</Fact>
        <Fact name={words.openInterestChange} note={words.in4h}>
          {percent(sentiment.openInterestChangePercent)}
        </Fact>
        <Fact name={<Term of="longShort">{words.longShort}</Term>} note={words.accountsMedian}>
          {fixed(sentiment.longShortMedian, 2)}
        </Fact>
        <Fact name={words.longAccounts} note={words.byTurnover}>
          {sentiment.longAccountsPercent === undefined
            ? fixed(undefined, 0)
            : `${fixed(sentiment.longAccountsPercent, 1)} %`}
        </Fact>
        <Fact name={<Term of="premium">{words.premium}</Term>} note={words.markOverIndex}>
          {signed(sentiment.premiumMedianBp, 2)}
        </Fact>
      </dl>
      <BreadthBar breadth={sentiment.breadth} />
    </>
  );
}

function ComponentItem({ component }: { component: Component }) {
  const name = t().sentiment.components[component.name] ?? component.name.replace(/_/g, " ");
  const value = component.direction === undefined ? undefined : 50 + 50 * component.direction;
  return (
    <li>
      <span>{name}</span>
      <span class={component.missing ? "faint" : "muted"}>
        {component.missing ? (
          <span lang="en">{component.missing}</span>
        ) : (
          t().sentiment.points(signed(component.reading, 2) + unitText(component.unit), signed(component.contribution))
        )}
      </span>
      <ScoreBar value={value} label={name} />
    </li>
  );
}
