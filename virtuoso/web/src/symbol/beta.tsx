import { GetBetaResponseSchema } from "virtuoso-market";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { BetaDetail } from "../tabs/beta/detail.js";
import { t } from "../texts/index.js";
import { Empty, Panel, baseAsset } from "../ui/index.js";

const ANCHOR = "BTCUSDT";

/** The beta of the symbol to BTC. */
export function SymbolBeta({ symbol }: { symbol: string }) {
  const { reply, heardMs, problem, waiting } = useQuery(
    `beta:${symbol}`,
    GetBetaResponseSchema,
    (signal) => market.getBeta({ symbol }, { signal }),
    60_000,
  ).value;
  return (
    <Panel
      title={symbol === ANCHOR ? t().shell.tabs.beta : t().betas.andBtc(baseAsset(symbol))}
      provenance={reply?.provenance}
      heardMs={heardMs}
      problem={problem}
      waiting={waiting}
    >
      {symbol === ANCHOR && <Empty>{t().betas.ofBtc}</Empty>}
      {reply && symbol !== ANCHOR && <BetaDetail symbol={symbol} reply={reply} />}
    </Panel>
  );
}
