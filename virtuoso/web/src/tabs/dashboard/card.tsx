import type { ConfluenceRow } from "virtuoso-market";
import { percent, price, scoreExact, signed } from "../../format.js";
import {
  Change,
  DimensionBars,
  Moving,
  Sparkline,
  SymbolLink,
  WatchStar,
  baseAsset,
  scoreDirection,
  signDirection,
} from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { LazyRow } from "./lazy_row.js";
import { Marks, funding } from "./row_parts.js";

/** A row as a card. */
export class Card extends LazyRow<HTMLLIElement> {
  override render() {
    const { row } = this.props;
    return (
      <li class="score-card" ref={this.element}>
        <WatchStar symbol={row.symbol} />
        <span class={`name ${baseAsset(row.symbol).length > 6 ? "long" : ""}`}>
          <SymbolLink symbol={row.symbol} class="whole" />
        </span>
        <Price row={row} />
        <Sparkline scores={row.recentScores} />
        <CardScore row={row} />
        <span class="meta faint">
          <Marks row={row} />
          {row.fundingPercent !== undefined && <span>{funding(row)}</span>}
          {row.openInterestChangePercent !== undefined && (
            <span>
              {t().scores.openInterest} {percent(row.openInterestChangePercent, 1)}
            </span>
          )}
        </span>
        <Change value={row.change24hPercent} />
        <DimensionBars row={row} />
      </li>
    );
  }
}

function Price({ row }: { row: ConfluenceRow }) {
  const text = price(row.price, row.tickSize);
  return (
    <span class={`price ${text.length > 9 ? "long" : ""}`}>
      <Moving value={row.price}>{text}</Moving>
    </span>
  );
}

/** The score with its label, the score of this moment and the change over 15 minutes. */
function CardScore({ row }: { row: ConfluenceRow }) {
  const change = signed(row.change15m);
  return (
    <span class="score">
      <b class={scoreDirection(row.score)}>
        <span class="visually-hidden">{t().scores.fields.score} </span>
        <Moving value={row.score}>{scoreExact(row.score)}</Moving>
      </b>
      <small>
        {t().labels[row.label] ?? t().scores.noScore}
        {row.instantScore !== undefined && (
          <span>
            {t().scores.now} {scoreExact(row.instantScore)}{" "}
            <span class={signDirection(change)} title={t().scores.fields.change15m}>
              {change}
            </span>
          </span>
        )}
      </small>
    </span>
  );
}
