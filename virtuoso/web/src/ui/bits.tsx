import type { ComponentChildren } from "preact";
import { follow, path } from "../state/router.js";

/** Up and down are directions; warn is stale, fallback or lost; simulated is what no market made. */
export type Tone = "plain" | "accent" | "up" | "down" | "warn" | "simulated";

/** A word that marks something. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** The address of a symbol's page. */
export const symbolPath = (symbol: string) => `/symbol/${encodeURIComponent(symbol)}`;

/** A symbol as one says it: without the USDT that all have. */
export const base = (symbol: string) => symbol.replace(/USDT$/, "");

/** A link to the symbol's page; its base in front, USDT faint. */
export function SymbolLink({ symbol, class: name }: { symbol: string; class?: string }) {
  const to = symbolPath(symbol);
  return (
    <a class={`symbol ${name ?? ""}`} href={to} aria-current={path.value === to ? "page" : undefined} onClick={follow}>
      <SymbolName symbol={symbol} />
    </a>
  );
}

export function SymbolName({ symbol }: { symbol: string }) {
  return (
    <>
      {base(symbol)}
      <span class="quote">USDT</span>
    </>
  );
}

/** Said where there is nothing to show, which may be right. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
