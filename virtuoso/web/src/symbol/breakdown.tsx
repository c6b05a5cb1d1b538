import type { Dimension, GetConfluenceResponse, Problem } from "virtuoso-market";
import { ABSENT, durationToMs, fixed, listed, scoreExact, share, signed, timeSpan } from "../format.js";
import type { Answer } from "../state/query.js";
import { live } from "../state/live.js";
import { DimensionBars, Fact, Moving, Panel, ScoreBar, Term } from "../ui/index.js";
import { t } from "../texts/index.js";
import { DimensionRow } from "./dimension.js";
import { inputName } from "./names.js";
import { roundedToSum } from "./rounded_sum.js";

const DIGITS = 2;

/** The score and its six dimensions. Until there is a reply, they are those of the list. */
export function Breakdown({ symbol, answer }: { symbol: string; answer: Answer<GetConfluenceResponse> }) {
  const { reply, heardMs, problem, waiting } = answer;
  if (!reply) return <ListedScores symbol={symbol} problem={problem} waiting={waiting} />;
  const rows = ranked(reply);
  return (
    <Panel
      title={t().breakdown.title}
      term="confluence"
      class="breakdown"
      provenance={reply.provenance}
      heardMs={heardMs}
      problem={problem}
    >
      <Total reply={reply} />
      <h3>
        <Term of="dimension">{t().breakdown.dimensions}</Term>
      </h3>
      <p class="faint">{t().breakdown.moment}</p>
      <ol class="dimensions">
        {rows.map(({ dimension, points }) => (
          <li key={dimension.kind}>
            <DimensionRow dimension={dimension} points={points} provenance={reply.provenance} heardMs={heardMs} />
          </li>
        ))}
      </ol>
      {reply.score !== undefined && <Sum score={reply.score} points={rows.flatMap((row) => row.points ?? [])} />}
    </Panel>
  );
}

interface ListedScoresProps {
  readonly symbol: string;
  readonly problem: Problem | undefined;
  readonly waiting: boolean;
}

/** The scores of the symbol's row in the list, which the device has without a network, too. */
function ListedScores({ symbol, ...answer }: ListedScoresProps) {
  const { dashboard } = live.value;
  const row = dashboard?.rows.get(symbol);
  return (
    <Panel
      title={t().breakdown.title}
      term="confluence"
      class="breakdown"
      provenance={row && dashboard?.provenance}
      heardMs={dashboard?.heardMs}
      {...answer}
    >
      {row && (
        <>
          <p class="total-score">
            <Moving value={row.score}>{scoreExact(row.score)}</Moving>
            <span>{row.score === undefined ? t().scores.noScore : (t().labels[row.label] ?? ABSENT)}</span>
          </p>
          <ScoreBar value={row.score} label={t().scores.fields.score} />
          <DimensionBars row={row} />
        </>
      )}
    </Panel>
  );
}

function Total({ reply }: { reply: GetConfluenceResponse }) {
  const { score, label, confidence, agreement, coverage, missingInputs } = reply;
  const words = t().breakdown;
  const averagedMs = durationToMs(reply.averagedOver);
  return (
    <div class="total">
      <p class="total-score">
        <Moving value={score}>{scoreExact(score)}</Moving>
        <span>{score === undefined ? t().scores.noScore : (t().labels[label] ?? ABSENT)}</span>
      </p>
      <ScoreBar value={score} label={words.score} />
      <p class="total-ends" aria-hidden="true">
        <span>{words.bearishEnd}</span>
        <span>50</span>
        <span>{words.bullishEnd}</span>
      </p>
      <dl class="facts">
        <Fact name={words.now} value={scoreExact(reply.instantScore)} />
        <Fact name={words.change15m} value={signed(reply.change15m)} />
        <Fact name={words.meanOf} value={averagedMs === undefined ? ABSENT : timeSpan(averagedMs)} />
        <Fact name={<Term of="confidence" />} value={share(confidence)} />
        <Fact name={<Term of="agreement" />} value={share(agreement)} />
        <Fact name={<Term of="coverage" />} value={share(coverage)} />
      </dl>
      {score === undefined && <p class="note">{words.noScore}</p>}
      {missingInputs.length > 0 && <p class="note">{words.missing(listed(missingInputs.map(inputName)))}</p>}
      {!missingInputs.length && score !== undefined && <p class="faint">{words.complete}</p>}
    </div>
  );
}

/** The score as a sum: 50 and the points of each dimension, in the order of the rows above. */
function Sum({ score, points }: { score: number; points: readonly number[] }) {
  return (
    <p class="sum">
      <span>{fixed(50, DIGITS)}</span>
      {points.map((value, index) => (
        <span key={index} class={value < 0 ? "down" : "up"}>
          {value < 0 ? "−" : "+"} {fixed(Math.abs(value), DIGITS)}
        </span>
      ))}
      <b>= {fixed(score, DIGITS)}</b>
    </p>
  );
}

/** Return the dimensions, strongest contribution first, with points that add up to the score. A dimension that was not
 * measured in the time of the score has no points. */
function ranked({ dimensions, score }: GetConfluenceResponse): { dimension: Dimension; points: number | undefined }[] {
  const sorted = [...dimensions].sort(
    (a, b) =>
      Number(a.score === undefined) - Number(b.score === undefined) ||
      Math.abs(b.contribution) - Math.abs(a.contribution) ||
      a.kind - b.kind,
  );
  if (score === undefined) return sorted.map((dimension) => ({ dimension, points: undefined }));
  const measured = sorted.filter((dimension) => dimension.score !== undefined || dimension.contribution !== 0);
  const points = roundedToSum(
    measured.map(({ contribution }) => contribution),
    score - 50,
    DIGITS,
  );
  return sorted.map((dimension) => ({ dimension, points: points[measured.indexOf(dimension)] }));
}
