import type { Dashboard as MarketDashboard } from "virtuoso-market";
import { useState } from "preact/hooks";
import { live } from "../../state/live.js";
import { t } from "../../texts/index.js";
import { Empty, LiquidationPanel, Skeleton } from "../../ui/index.js";
import { Introduction } from "./introduction.js";
import { Market } from "./market.js";
import { MarketLine } from "./market_line.js";
import { SentimentPanel } from "./sentiment.js";
import { Movers } from "./movers.js";
import { Scores } from "./scores.js";

/** The whole market on one page. All data comes from one snapshot. Only the sentiment needs a separate call. */
export function Dashboard() {
  const { dashboard } = live.value;
  return (
    <div class="dashboard">
      <h1 class="visually-hidden">{t().shell.tabs.dashboard}</h1>
      {dashboard && <Introduction />}
      {dashboard ? <MarketAndScores dashboard={dashboard} /> : <NoData />}
    </div>
  );
}

/** The market as one line that opens, and the scores. */
function MarketAndScores({ dashboard }: { dashboard: MarketDashboard }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <MarketLine dashboard={dashboard} open={open} onToggle={() => setOpen(!open)} />
      {open && <MarketSide />}
      <Scores />
    </>
  );
}

/** The whole market: its state, its sentiment, its liquidations and its movers. */
export function MarketSide() {
  const { dashboard } = live.value;
  if (!dashboard) return null;
  const from = { provenance: dashboard.provenance, heardMs: dashboard.heardMs };
  return (
    <div class="market-side" id="market">
      <Market overview={dashboard.overview} {...from} />
      <SentimentPanel />
      <LiquidationPanel liquidations={dashboard.overview?.liquidations} {...from} named />
      <Movers gainers={dashboard.gainers} losers={dashboard.losers} {...from} />
    </div>
  );
}

/** The page before the first data: the state of the connection. */
export function NoData() {
  const { connection: state, problem } = live.value;
  const words = t().market;
  const lost = problem?.reason ? words.says(problem.message) : words.silent;
  return (
    <section class="panel">
      <h2>{state === "lost" ? words.noData : words.loading}</h2>
      <Empty>
        {state === "lost" ? lost : words.connectingTo(location.host)}. {words.keepsTrying}
      </Empty>
      {state !== "lost" && <Skeleton lines={5} />}
    </section>
  );
}
