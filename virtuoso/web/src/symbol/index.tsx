import { GetConfluenceResponseSchema } from "virtuoso-market";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { BetaInShort } from "./beta.js";
import { Breakdown } from "./breakdown.js";
import { Candles } from "./candles.js";
import { Head } from "./head.js";
import { History } from "./history.js";
import { OpportunitiesInShort, SignalsInShort } from "./findings.js";
import { NotScored } from "./not_scored.js";
import "../styles/lists.css";
import "../styles/symbol.css";

/** Everything about one symbol: what its score is made of, its chart, and what came of it. */
export default function SymbolPage({ symbol }: { symbol: string }) {
  const { value: answer } = useQuery(`confluence:${symbol}`, GetConfluenceResponseSchema, (signal) =>
    market.getConfluence({ symbol }, { signal }),
  );
  // After a change of venue the same asset may have another name there.
  const name = answer.reply?.symbol ?? symbol;
  if (answer.problem?.code === "not_found" || answer.problem?.code === "invalid_argument") {
    return (
      <div class="symbol-page">
        <Head symbol={symbol} />
        <NotScored symbol={symbol} problem={answer.problem} />
        {answer.problem.reason === "SYMBOL_NOT_TRACKED" && <History symbol={symbol} />}
      </div>
    );
  }
  return (
    <div class="symbol-page">
      <Head symbol={name} reply={answer.reply} />
      <div class="symbol-columns">
        <div>
          <Breakdown answer={answer} />
        </div>
        <div>
          <Candles symbol={name} />
          <History symbol={name} />
          <SignalsInShort symbol={name} />
          <OpportunitiesInShort symbol={name} />
          <BetaInShort symbol={name} />
        </div>
      </div>
    </div>
  );
}
