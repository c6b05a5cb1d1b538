import {
  type Liquidation,
  type LiquidationSum,
  type Liquidations,
  PositionSide,
  type Provenance,
} from "virtuoso-market";
import { clock, durationToMs, ms, price, usd } from "../format.js";
import { live } from "../state/live.js";
import { marketTime } from "../state/market_time.js";
import { t, venueName } from "../texts/index.js";
import { Empty, Panel } from "./panel.js";
import { SymbolLink } from "./symbol.js";

interface Props {
  liquidations: Liquidations | undefined;
  provenance: Provenance | undefined;
  heardMs: number | undefined;
  /** Show the symbol of each liquidation. */
  named?: boolean;
}

/** Positions that the venue closed by force: the sums of longs and shorts, and the largest ones. */
export function LiquidationPanel({ liquidations, provenance, heardMs, named = false }: Props) {
  if (!provenance) return null;
  return (
    <Panel
      title={t().liquidations.title}
      term="liquidation"
      provenance={provenance}
      heardMs={heardMs}
      class="liquidations"
    >
      {liquidations ? (
        <>
          {liquidations.sums.map((sum) => (
            <Sum
              key={hours(sum)}
              sum={sum}
              atLeast={liquidations.lowerBound}
              observedMs={ms(provenance.observedTime) ?? 0}
            />
          ))}
          <Largest largest={liquidations.largest} named={named} />
        </>
      ) : (
        <Empty>{t().noLiquidations(venueName(provenance.venue))}</Empty>
      )}
    </Panel>
  );
}

const hours = ({ period }: LiquidationSum) => (durationToMs(period) ?? 0) / 3_600_000;

// The keys make new elements of what changes: a bar that grows to the left and an item in another place do not move.

/** One period: the longs against the shorts as a bar. The start is named when not the whole period was watched. */
function Sum({ sum, atLeast, observedMs }: { sum: LiquidationSum; atLeast: boolean; observedMs: number }) {
  const { longUsd, shortUsd, startTime } = sum;
  const isPartial = (ms(startTime) ?? 0) > observedMs - 3_600_000 * hours(sum) + 1000;
  const words = t().liquidations;
  const bound = atLeast ? `${words.atLeast} ` : "";
  return (
    <div class="breadth">
      <h3>
        {hours(sum)}
        {t().units.hours}
        {isPartial && <span class="faint"> {words.watchedSince(clock(startTime, marketTime.peek()))}</span>}
      </h3>
      <div class="parts" aria-hidden="true">
        {longUsd > 0 && <i class="up" style={{ flexGrow: String(longUsd) }} />}
        {shortUsd > 0 && <i key={longUsd / shortUsd} class="down" style={{ flexGrow: String(shortUsd) }} />}
      </div>
      <p>
        <span class="up">
          {words.longs} {bound}
          {usd(longUsd)}
        </span>
        <span key={usd(shortUsd)} class="down">
          {words.shorts} {bound}
          {usd(shortUsd)}
        </span>
      </p>
    </div>
  );
}

function Largest({ largest, named }: { largest: readonly Liquidation[]; named: boolean }) {
  if (!largest.length) return null;
  return (
    <>
      <h3>{t().liquidations.largest}</h3>
      <ol>
        {largest.map((one, place) => (
          <Item key={`${place} ${one.symbol} ${ms(one.liquidationTime)}`} liquidation={one} named={named} />
        ))}
      </ol>
    </>
  );
}

function Item({ liquidation, named }: { liquidation: Liquidation; named: boolean }) {
  const { symbol, side, valueUsd, liquidationTime } = liquidation;
  const isLong = side === PositionSide.LONG;
  const tickSize = live.peek().dashboard?.rows.get(symbol)?.tickSize;
  return (
    <li>
      {named && <SymbolLink symbol={symbol} />}
      <span class={isLong ? "up" : "down"}>{isLong ? t().liquidations.long : t().liquidations.short}</span>
      <b>{usd(valueUsd)}</b>
      <span class="faint">
        {t().liquidations.at(price(liquidation.price, tickSize), clock(liquidationTime, marketTime.peek()))}
      </span>
    </li>
  );
}
