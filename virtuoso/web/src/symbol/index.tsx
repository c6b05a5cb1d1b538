import { SymbolBeta } from "./beta.js";
import { LiquidationPanel } from "../ui/index.js";
import { Breakdown } from "./breakdown.js";
import { Candles } from "./candles.js";
import { useConfluence } from "./confluence.js";
import { DepthPanel } from "./depth.js";
import { Head } from "./head.js";
import { History } from "./history.js";
import { SymbolOpportunities, ActiveSignals } from "./findings.js";
import { OutlookPanel } from "./outlook.js";
import { NoSuchSymbol, UntrackedMarket } from "./not_scored.js";
import "../styles/lists.css";
import "../styles/symbol.css";

/** The page of one symbol: its score, its charts, its signals, its opportunities and its beta. */
export default function SymbolPage({ symbol }: { symbol: string }) {
  const { value: answer } = useConfluence(symbol);
  // Another venue may use another symbol for the same asset.
  const name = answer.reply?.symbol ?? symbol;
  if (answer.problem?.code === "not_found" || answer.problem?.code === "invalid_argument") {
    return (
      <div class="symbol-page">
        <Head symbol={symbol} />
        {answer.problem.reason === "SYMBOL_NOT_TRACKED" ? (
          <>
            <UntrackedMarket symbol={symbol} />
            <History symbol={symbol} />
          </>
        ) : (
          <NoSuchSymbol symbol={symbol} problem={answer.problem} />
        )}
      </div>
    );
  }
  return (
    <div class="symbol-page">
      <Head symbol={name} reply={answer.reply} />
      <Candles symbol={name} />
      <DepthPanel symbol={name} answer={answer} />
      <div class="symbol-columns">
        <div>
          <Breakdown symbol={name} answer={answer} />
        </div>
        <div>
          <OutlookPanel symbol={name} />
          <ActiveSignals symbol={name} />
          <SymbolOpportunities symbol={name} />
          <LiquidationPanel
            liquidations={answer.reply?.liquidations}
            provenance={answer.reply?.provenance}
            heardMs={answer.heardMs}
          />
          <SymbolBeta symbol={name} />
        </div>
      </div>
    </div>
  );
}
