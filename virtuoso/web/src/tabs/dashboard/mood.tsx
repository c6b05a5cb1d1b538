import { useState } from "preact/hooks";
import { type Component, GetSentimentResponseSchema, type Sentiment } from "virtuoso-market";
import { fixed, percent, score, share, signed, usd } from "../../format.js";
import { market } from "../../state/market.js";
import { useQuery } from "../../state/query.js";
import { Empty, Panel, ScoreBar, Sheet } from "../../ui/index.js";
import { BreadthBar, Fact } from "./market.js";

/** The mood of the market: a gauge from fear to greed, its sentence, and its parts in a sheet. */
export function Mood() {
  const [open, setOpen] = useState(false);
  const { reply, ...answer } = useQuery("sentiment", GetSentimentResponseSchema, (signal) =>
    market.getSentiment({}, { signal }),
  ).value;
  const mood = reply?.sentiment;
  return (
    <Panel title="Sentiment" provenance={reply?.provenance} {...answer} class="mood">
      {mood ? (
        <>
          <button type="button" class="gauge-button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
            <Gauge value={mood.gauge} />
            <span>
              {mood.sentence} <span class="more">Details</span>
            </span>
          </button>
          <Sheet open={open} onClose={() => setOpen(false)} title="Sentiment">
            <Parts mood={mood} />
          </Sheet>
        </>
      ) : (
        <Empty>The mood of the market was not measured.</Empty>
      )}
    </Panel>
  );
}

function moodWord(value: number): string {
  if (value < 25) return "Extreme fear";
  if (value < 45) return "Fear";
  if (value <= 55) return "Neutral";
  return value <= 75 ? "Greed" : "Extreme greed";
}

const RADIUS = 42;
const HALF = Math.PI * RADIUS;

/** An arc from 0, fear, to 100, greed, filled from its middle as score bars are. */
function Gauge({ value }: { value: number | undefined }) {
  const arc = `M8 50A${RADIUS} ${RADIUS} 0 0 1 92 50`;
  if (value === undefined) {
    return (
      <svg class="gauge" viewBox="0 0 100 60" role="img" aria-label="Sentiment not measured">
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
      aria-label={`Sentiment ${score(value)} of 100: ${moodWord(value)}`}
    >
      <path class="arc" d={arc} />
      <path class="filled" d={arc} style={{ ...filled, ...offset }} />
      <circle cx={50 + RADIUS * Math.cos(turn)} cy={50 - RADIUS * Math.sin(turn)} r="5" />
      <text x="50" y="44">
        {score(value)}
      </text>
      <text class="word" x="50" y="58">
        {moodWord(value)}
      </text>
    </svg>
  );
}

function Parts({ mood }: { mood: Sentiment }) {
  return (
    <>
      <p>{mood.sentence}</p>
      <p class="muted">
        From 0, fear, over 50 to 100, greed. {score(mood.gauge)} is 50 and what the parts add. {share(mood.coverage)} of
        its weight could be measured; its confidence is {share(mood.confidence)}. It describes and does not predict.
      </p>
      <ul class="parts-list">
        {mood.parts.map((part) => (
          <Part key={part.name} part={part} />
        ))}
      </ul>
      <dl class="market-facts">
        <Fact name="Funding, mean" note="by turnover, an interval">
          {percent(mood.fundingMeanPercent, 4)}
        </Fact>
        <Fact name="Funding, median" note="an interval">
          {percent(mood.fundingMedianPercent, 4)}
        </Fact>
        <Fact name="Open interest">{usd(mood.openInterestUsd)}</Fact>
        <Fact name="Its change" note="in 4 h">
          {percent(mood.openInterestChangePercent)}
        </Fact>
        <Fact name="Long / short" note="accounts, median">
          {fixed(mood.longShortMedian, 2)}
        </Fact>
        <Fact name="Long accounts" note="by turnover">
          {mood.longAccountsPercent === undefined ? fixed(undefined, 0) : `${fixed(mood.longAccountsPercent, 1)} %`}
        </Fact>
        <Fact name="Premium" note="mark over index, bp">
          {signed(mood.premiumMedianBp, 2)}
        </Fact>
      </dl>
      <BreadthBar breadth={mood.breadth} />
    </>
  );
}

const NAMES: Record<string, string> = {
  breadth: "Breadth",
  funding: "Funding",
  open_interest: "Open interest",
  accounts: "Accounts",
  premium: "Premium over the index",
};

function Part({ part }: { part: Component }) {
  const name = NAMES[part.name] ?? part.name.replace(/_/g, " ");
  const value = part.direction === undefined ? undefined : 50 + 50 * part.direction;
  return (
    <li>
      <span>{name}</span>
      <span class={part.missing ? "faint" : "muted"}>
        {part.missing || `${signed(part.reading, 2)} ${part.unit}, ${signed(part.contribution)} points`}
      </span>
      <ScoreBar value={value} label={name} />
    </li>
  );
}
