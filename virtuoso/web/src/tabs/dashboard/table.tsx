import type { ConfluenceRow } from "virtuoso-market";
import { percent, price, score, scoreExact, share, signed, usd } from "../../format.js";
import { wide } from "../../state/screen.js";
import { type Sort, ascending, density, sort } from "../../state/settings.js";
import {
  Change,
  Moving,
  ROW_DIMENSIONS,
  ScoreBar,
  Sparkline,
  SymbolLink,
  Value,
  WatchStar,
  scoreDirection,
  signDirection,
} from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { LazyRow } from "./lazy_row.js";
import { Marks, funding } from "./row_parts.js";
import { sortBy } from "./selection.js";

/** The rows as a table. A click on a header sorts it. styles/score_table.css hides columns that do not fit. */
export function Table({ rows }: { rows: readonly ConfluenceRow[] }) {
  return (
    <table class={`score-table ${wide.value ? density.value : ""}`} aria-label={t().scores.title}>
      <thead>
        <tr>
          <th scope="col">
            <span class="visually-hidden">{t().watchlists.watched}</span>
          </th>
          <Header field="symbol" />
          <Header field="score" />
          <th scope="col" class="hour">
            <span>{t().scores.hour}</span>
          </th>
          <Header field="change15m" />
          {ROW_DIMENSIONS.map((field) => (
            <Header key={field} field={field} />
          ))}
          <Header field="confidence" />
          <th scope="col" class="price">
            {t().scores.price}
          </th>
          <Header field="change24hPercent" />
          <Header field="turnover24hUsd" />
          <Header field="fundingPercent" />
          <Header field="openInterestChangePercent" />
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

function Header({ field }: { field: Sort }) {
  const names = t().scores;
  const chosen = sort.value === field;
  const order = ascending.value ? "ascending" : "descending";
  return (
    <th scope="col" class={field} aria-sort={chosen ? order : undefined}>
      <button type="button" onClick={() => sortBy(field)} title={names.fields[field]}>
        {names.short[field]}
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
          <Marks row={row} />
        </th>
        <td class="score">
          <span title={`${t().scores.now} ${scoreExact(row.instantScore)}`}>
            <b class={scoreDirection(row.score)}>
              <Moving value={row.score}>{scoreExact(row.score)}</Moving>
            </b>
            <small>{t().labels[row.label] ?? t().scores.noScore}</small>
          </span>
          <ScoreBar value={row.score} label={t().scores.fields.score} />
        </td>
        <td class="hour">
          <Sparkline scores={row.recentScores} />
        </td>
        <td class={`change15m ${signDirection(signed(row.change15m))}`}>
          <Value>{signed(row.change15m)}</Value>
        </td>
        {ROW_DIMENSIONS.map((field) => (
          <td key={field} class={field}>
            <span aria-hidden="true">{score(row[field])}</span>
            <ScoreBar value={row[field]} label={t().scores.fields[field]} />
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
        <td class="fundingPercent">
          <Value>{funding(row)}</Value>
        </td>
        <td class="openInterestChangePercent">
          <Value>{percent(row.openInterestChangePercent, 1)}</Value>
        </td>
      </tr>
    );
  }
}
