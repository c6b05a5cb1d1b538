import type { ComponentChildren } from "preact";
import { type Breadth, DominanceBasis, type Overview, type Provenance, Regime } from "virtuoso-market";
import { ABSENT, clock, fixed, ms, share, timeSpan, usd } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { Empty, Panel, Term, Value } from "../../ui/index.js";
import { t } from "../../texts/index.js";

interface MarketProps {
  overview: Overview | undefined;
  provenance: Provenance;
  heardMs: number;
}

/** The state of the market: the regime, its measures, and the breadth. */
export function Market({ overview, provenance, heardMs }: MarketProps) {
  return (
    <Panel title={t().market.title} provenance={provenance} heardMs={heardMs} class="market">
      {overview ? (
        <>
          <RegimeText overview={overview} />
          <Facts overview={overview} provenance={provenance} />
          <BreadthBar breadth={overview.breadth} />
        </>
      ) : (
        <Empty>{t().market.notMeasured}</Empty>
      )}
    </Panel>
  );
}

/** The direction of each regime that has one. */
export const LEANS: Partial<Record<Regime, "up" | "down">> = {
  [Regime.BULLISH]: "up",
  [Regime.RISK_ON]: "up",
  [Regime.BEARISH]: "down",
  [Regime.RISK_OFF]: "down",
};

function RegimeText({ overview }: { overview: Overview }) {
  const { regime, regimeConfidence, regimeStartTime, regimeStartUnknown } = overview;
  const text = regime && t().regimes[regime];
  if (!text) return <p class="regime muted">{t().market.noRegime}</p>;
  const since = ms(regimeStartTime);
  return (
    <p class="regime">
      <b class={LEANS[regime]}>
        <Term of="regime">{text}</Term>
      </b>
      <span class="muted">
        {since !== undefined &&
          t().market.since(
            clock(regimeStartTime, marketTime.value),
            timeSpan(marketTime.value - since),
            regimeStartUnknown,
          )}
        {t().market.confidence(share(regimeConfidence))}
      </span>
    </p>
  );
}

const bases = (): Partial<Record<DominanceBasis, string>> => ({
  [DominanceBasis.MARKET_CAP]: t().market.ofMarketCap,
  [DominanceBasis.TURNOVER]: t().market.ofTurnover,
});

/** Return the usual name for a trend strength (ADX). */
function trendName(strength: number): string {
  if (strength < 20) return t().market.noTrend;
  return strength < 40 ? t().market.trend : t().market.strongTrend;
}

function Facts({ overview, provenance }: { overview: Overview; provenance: Provenance }) {
  const {
    trendStrength: trend,
    volatilityPercent,
    dispersionPercent,
    btcDominancePercent,
    totalTurnover24hUsd,
  } = overview;
  const { present, expected, streamed } = provenance.coverage ?? {};
  const words = t().market;
  return (
    <dl class="market-facts">
      <Fact name={<Term of="trend">{words.btcTrend}</Term>} note={trend === undefined ? "ADX" : trendName(trend)}>
        {fixed(trend, 0)}
      </Fact>
      <Fact name={<Term of="volatility">{words.btcVolatility}</Term>} note={words.perYear}>
        {unit(volatilityPercent, 1, "%")}
      </Fact>
      <Fact name={<Term of="dispersion">{words.dispersion}</Term>} note={words.ofMoves}>
        {unit(dispersionPercent, 2, "pp")}
      </Fact>
      <Fact
        name={<Term of="dominance">{words.btcDominance}</Term>}
        note={bases()[overview.btcDominanceBasis] ?? words.noSource}
      >
        {unit(btcDominancePercent, 1, "%")}
      </Fact>
      <Fact name={words.turnover} note={words.day}>
        {usd(totalTurnover24hUsd)}
      </Fact>
      <Fact name={words.scored} note={words.trackedSymbols}>
        {ofAll(present, expected)}
      </Fact>
      <Fact name={words.streamed} note={words.booksAndTrades}>
        {ofAll(streamed, expected)}
      </Fact>
    </dl>
  );
}

const ofAll = (count: number | undefined, all: number | undefined) =>
  count === undefined || all === undefined ? ABSENT : t().scores.of(count, all);

const unit = (value: number | undefined, digits: number, sign: string) =>
  value === undefined ? fixed(value, digits) : `${fixed(value, digits)} ${sign}`;

/** A number with a name and a note. */
export function Fact({
  name,
  note,
  children,
}: {
  name: ComponentChildren;
  note?: ComponentChildren;
  children: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Value>{children}</Value>
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

/** The numbers of symbols that rise, stay unchanged and fall, as parts of one bar. */
export function BreadthBar({ breadth }: { breadth: Breadth | undefined }) {
  const all = breadth && breadth.up + breadth.flat + breadth.down;
  if (!breadth || !all) return <p class="faint">{t().market.noBreadth}</p>;
  const part = (count: number) => ({ flexGrow: String(count) });
  return (
    <div class="breadth">
      <h3>
        <Term of="breadth" />
      </h3>
      <div class="parts" aria-hidden="true">
        {breadth.up > 0 && <i class="up" style={part(breadth.up)} />}
        {breadth.flat > 0 && <i key={breadth.up} class="flat" style={part(breadth.flat)} />}
        {breadth.down > 0 && <i key={`${breadth.up} ${breadth.flat}`} class="down" style={part(breadth.down)} />}
      </div>
      <p>
        <span class="up">
          <span aria-hidden="true">▲ </span>
          {breadth.up} {t().market.up}
        </span>
        <span class="muted">
          {breadth.flat} {t().market.flat}
        </span>
        <span class="down">
          <span aria-hidden="true">▼ </span>
          {breadth.down} {t().market.down}
        </span>
      </p>
    </div>
  );
}
