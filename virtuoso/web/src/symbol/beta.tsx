import { GetBetaResponseSchema } from "virtuoso-market";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { BetaDetail } from "../tabs/beta/detail.js";
import { Empty, Panel, base } from "../ui/index.js";

const ANCHOR = "BTCUSDT";

/** How the symbol moves with BTC. */
export function BetaInShort({ symbol }: { symbol: string }) {
  const { reply, heardMs, problem, waiting } = useQuery(
    `beta:${symbol}`,
    GetBetaResponseSchema,
    (signal) => market.getBeta({ symbol }, { signal }),
    60_000,
  ).value;
  return (
    <Panel
      title={symbol === ANCHOR ? "Beta" : `${base(symbol)} and BTC`}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {symbol === ANCHOR && <Empty>BTC is what the others are measured by: its own beta is 1.</Empty>}
      {reply && symbol !== ANCHOR && <BetaDetail symbol={symbol} reply={reply} />}
    </Panel>
  );
}
