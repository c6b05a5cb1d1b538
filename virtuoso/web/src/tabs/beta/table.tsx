import { fixed } from "../../format.js";
import { SymbolName, Value } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { alphaText } from "./alpha_text.js";
import { BetaBar } from "./bar.js";
import { COLUMNS, type Column, type Row } from "./sorting.js";

interface Props {
  readonly rows: readonly Row[];
  readonly by: Column;
  readonly ascending: boolean;
  readonly chosen: string | undefined;
  readonly onSort: (column: Column) => void;
  readonly onChoose: (symbol: string) => void;
}

/** The figures of all symbols in one window. A tap on a row shows its details. */
export function BetaTable({ rows, by, ascending, chosen, onSort, onChoose }: Props) {
  return (
    <table class="figures beta-table">
      <thead>
        <tr>
          {COLUMNS.map((id) => (
            <th key={id} scope="col" aria-sort={id === by ? (ascending ? "ascending" : "descending") : undefined}>
              <button type="button" onClick={() => onSort(id)}>
                {t().betas.columns[id]}
                <span aria-hidden="true">{id === by ? (ascending ? " ▲" : " ▼") : ""}</span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <BetaRow key={row.beta.symbol} row={row} chosen={chosen === row.beta.symbol} onChoose={onChoose} />
        ))}
      </tbody>
    </table>
  );
}

function BetaRow({ row, chosen, onChoose }: { row: Row; chosen: boolean; onChoose: Props["onChoose"] }) {
  const { beta, window } = row;
  const { symbol } = beta;
  return (
    <tr class={chosen ? "chosen" : ""} onClick={() => onChoose(symbol)}>
      <th scope="row">
        <button type="button" aria-pressed={chosen}>
          <span class="visually-hidden">{t().betas.detailsOf}</span>
          <SymbolName symbol={symbol} />
        </button>
      </th>
      {window ? (
        <>
          <td>
            <span class="beta-value">
              {fixed(window.beta, 2)} <small class="faint">± {fixed(window.betaError, 2)}</small>
            </span>
            <BetaBar beta={window.beta} error={window.betaError} />
          </td>
          <td>
            <Value>{fixed(window.correlation, 2)}</Value>
          </td>
          <td>
            <Value>{fixed(window.rSquared, 2)}</Value>
          </td>
          <td>
            <Value>{alphaText(window)}</Value>
            <small class="faint">
              t <Value>{fixed(window.alphaT, 1)}</Value>
            </small>
          </td>
        </>
      ) : (
        <td colSpan={4} class="faint">
          {t().betas.tooFew}
        </td>
      )}
    </tr>
  );
}
