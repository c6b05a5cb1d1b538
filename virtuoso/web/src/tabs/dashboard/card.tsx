import type { ConfluenceRow } from "virtuoso-market";
import { price, scoreExact, share, usd } from "../../format.js";
import { Change, DimensionBars, SymbolLink, Value, WatchStar, lean } from "../../ui/index.js";
import { LABELS } from "../../words.js";
import { rowsAge } from "./age.js";
import { SeenRow } from "./seen.js";

/** One symbol. */
export class Card extends SeenRow<HTMLLIElement> {
  override render() {
    const { row } = this.props;
    return (
      <li class="score-card" ref={this.element}>
        <WatchStar symbol={row.symbol} />
        <SymbolLink symbol={row.symbol} class="whole" />
        <span class="price">{price(row.price)}</span>
        <ScoreWords row={row} />
        <span class="meta faint">
          <Value>{usd(row.turnover24hUsd)}</Value> · {rowsAge}
        </span>
        <Change value={row.change24hPercent} />
        <DimensionBars row={row} />
      </li>
    );
  }
}

/** The score, large, with its label and how sure it is. */
function ScoreWords({ row }: { row: ConfluenceRow }) {
  return (
    <span class="score">
      <b class={lean(row.score)}>
        <span class="said">Score </span>
        <Value>{scoreExact(row.score)}</Value>
      </b>
      <small>
        {LABELS[row.label] ?? "No score"}
        {row.confidence !== undefined && <span>conf. {share(row.confidence)}</span>}
      </small>
    </span>
  );
}
