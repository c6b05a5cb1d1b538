import { price } from "../format.js";
import { follow } from "../state/router.js";
import { selected } from "../state/selected.js";
import { Breakdown } from "../symbol/breakdown.js";
import { Candles } from "../symbol/candles.js";
import { useConfluence } from "../symbol/confluence.js";
import { useRow } from "../symbol/head.js";
import { t } from "../texts/index.js";
import { Change, Moving, SymbolName, symbolPath } from "../ui/index.js";

/** The price and the chart of the selected symbol. */
export function SelectedChart() {
  const symbol = selected.value;
  if (!symbol) return null;
  return (
    <>
      <PriceLine key={symbol} symbol={symbol} />
      <Candles symbol={symbol} />
    </>
  );
}

function PriceLine({ symbol }: { symbol: string }) {
  const row = useRow(symbol).value;
  return (
    <header class="desk-symbol">
      <h2>
        <SymbolName symbol={symbol} />
      </h2>
      <b>
        <Moving value={row?.price}>{price(row?.price, row?.tickSize)}</Moving>
      </b>
      <Change value={row?.change24hPercent} />
      <a class="button small" href={symbolPath(symbol)} onClick={follow}>
        {t().desk.openPage(symbol)}
      </a>
    </header>
  );
}

/** The score of the selected symbol and its six dimensions. */
export function SelectedBreakdown() {
  const symbol = selected.value;
  return symbol ? <BreakdownOf key={symbol} symbol={symbol} /> : null;
}

function BreakdownOf({ symbol }: { symbol: string }) {
  return <Breakdown symbol={symbol} answer={useConfluence(symbol).value} />;
}
