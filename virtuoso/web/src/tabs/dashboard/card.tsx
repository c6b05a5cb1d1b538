import type { ConfluenceRow } from "virtuoso-market";
import { price, scoreExact, share, signed, usd } from "../../format.js";
import { Change, DimensionBars, Moving, SymbolLink, Value, WatchStar, scoreDirection } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { rowsAge } from "./age.js";
import { LazyRow } from "./lazy_row.js";

/** A row as a card. */
export class Card extends LazyRow<HTMLLIElement> {
  override render() {
    const { row } = this.props;
    return (
      <li class="score-card" ref={this.element}>
        <WatchStar symbol={row.symbol} />
        <SymbolLink symbol={row.symbol} class="whole" />
        <span class="price">
          <Moving value={row.price}>{price(row.price, row.tickSize)}</Moving>
        </span>
        <CardScore row={row} />
        <span class="meta faint">
          <Value>{usd(row.turnover24hUsd)}</Value> · {rowsAge}
        </span>
        <Change value={row.change24hPercent} />
        <DimensionBars row={row} />
      </li>
    );
  }
}

/** The score with its label, the score of this moment, the change over 15 minutes and the confidence. */
function CardScore({ row }: { row: ConfluenceRow }) {
  return (
    <span class="score">
      <b class={scoreDirection(row.score)}>
        <span class="visually-hidden">Score </span>
        <Moving value={row.score}>{scoreExact(row.score)}</Moving>
      </b>
      <small>
        {t().labels[row.label] ?? "No score"}
        {row.instantScore !== undefined && (
          <span title={`${signed(row.change15m)} in 15 minutes`}>
            now {scoreExact(row.instantScore)} · conf. {share(row.confidence)}
          </span>
        )}
      </small>
    </span>
  );
}
