import type { ConfluenceRow } from "virtuoso-market";
import { price, score, scoreExact, share, signed, usd } from "../../format.js";
import { type Sort, ascending, sort } from "../../state/settings.js";
import {
  Change,
  Moving,
  ROW_DIMENSIONS,
  ScoreBar,
  SymbolLink,
  Value,
  WatchStar,
  scoreDirection,
} from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { SORT_NAMES, sortBy } from "./selection.js";
import { rowsAge } from "./age.js";
import { LazyRow } from "./lazy_row.js";

/** The rows as a table. A click on a header sorts it. styles/scores.css hides columns that do not fit. */
export function Table({ rows }: { rows: readonly ConfluenceRow[] }) {
  return (
    <table class="score-table" aria-label="Scores">
      <thead>
        <tr>
          <th scope="col">
            <span class="visually-hidden">Watched</span>
          </th>
          <Header field="symbol" />
          <Header field="score" />
          {ROW_DIMENSIONS.map(([field, , short]) => (
            <Header key={field} field={field} short={short} />
          ))}
          <Header field="confidence" short="Conf." />
          <th scope="col" class="price">
            Price
          </th>
          <Header field="change24hPercent" short="24 h" />
          <Header field="turnover24hUsd" />
          <th scope="col" class="age-column">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.symbol} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Header({ field, short }: { field: Sort; short?: string }) {
  const chosen = sort.value === field;
  const order = ascending.value ? "ascending" : "descending";
  return (
    <th scope="col" class={field} aria-sort={chosen ? order : undefined}>
      <button type="button" onClick={() => sortBy(field)} title={SORT_NAMES[field]}>
        {short ?? SORT_NAMES[field]}
        <span aria-hidden="true">{chosen ? (ascending.value ? "↑" : "↓") : ""}</span>
      </button>
    </th>
  );
}

/** A row of the table. */
class Row extends LazyRow<HTMLTableRowElement> {
  override render() {
    const { row } = this.props;
    return (
      <tr ref={this.element}>
        <td>
          <WatchStar symbol={row.symbol} />
        </td>
        <th scope="row" class="symbol">
          <SymbolLink symbol={row.symbol} class="whole" />
        </th>
        <td class="score">
          <span title={`now ${scoreExact(row.instantScore)}, ${signed(row.change15m)} in 15 minutes`}>
            <b class={scoreDirection(row.score)}>
              <Moving value={row.score}>{scoreExact(row.score)}</Moving>
            </b>
            <small>{t().labels[row.label] ?? "No score"}</small>
          </span>
          <ScoreBar value={row.score} label="Score" />
        </td>
        {ROW_DIMENSIONS.map(([field, name]) => (
          <td key={field} class={field}>
            <span aria-hidden="true">{score(row[field])}</span>
            <ScoreBar value={row[field]} label={name} />
          </td>
        ))}
        <td class="confidence">
          <Value>{share(row.confidence)}</Value>
        </td>
        <td class="price">
          <Moving value={row.price}>{price(row.price, row.tickSize)}</Moving>
        </td>
        <td class="change24hPercent">
          <Change value={row.change24hPercent} />
        </td>
        <td class="turnover24hUsd">
          <Value>{usd(row.turnover24hUsd)}</Value>
        </td>
        <td class="age-column faint">{rowsAge}</td>
      </tr>
    );
  }
}
