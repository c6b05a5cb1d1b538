import { follow, path } from "../state/router.js";
import { selected } from "../state/selected.js";

/** Return the path of a symbol's page. */
export const symbolPath = (symbol: string) => `/symbol/${encodeURIComponent(symbol)}`;

/** Return the base asset of a symbol: "BTC" of "BTCUSDT". */
export const baseAsset = (symbol: string) => symbol.replace(/USDT$/, "");

/** A link to the page of a symbol. It is marked while that page or this symbol is shown beside it. */
export function SymbolLink({ symbol, class: name }: { symbol: string; class?: string }) {
  const to = symbolPath(symbol);
  const current = path.value === to ? "page" : selected.value === symbol ? "true" : undefined;
  return (
    <a class={`symbol ${name ?? ""}`} href={to} aria-current={current} onClick={follow}>
      <SymbolName symbol={symbol} />
    </a>
  );
}

/** The name of a symbol, with a faint USDT. A long name breaks before it, or after a multiplier such as 1000. */
export function SymbolName({ symbol }: { symbol: string }) {
  const base = baseAsset(symbol);
  const multiplier = /^10+/.exec(base)?.[0] ?? "";
  return (
    <>
      {multiplier}
      {multiplier && <wbr />}
      {base.slice(multiplier.length)}
      <wbr />
      <span class="quote">USDT</span>
    </>
  );
}
