import type { Dashboard as MarketDashboard } from "virtuoso-market";
import { live } from "../../state/live.js";
import { Empty, LiquidationPanel, Skeleton } from "../../ui/index.js";
import { Market } from "./market.js";
import { SentimentPanel } from "./sentiment.js";
import { Movers } from "./movers.js";
import { Scores } from "./scores.js";

/** The whole market on one page. All data comes from one snapshot. Only the sentiment needs a separate call. */
export function Dashboard() {
  const { dashboard } = live.value;
  return (
    <div class="dashboard">
      <h1 class="visually-hidden">Dashboard</h1>
      {dashboard ? <MarketAndScores dashboard={dashboard} /> : <NoData />}
    </div>
  );
}

function MarketAndScores({ dashboard }: { dashboard: MarketDashboard }) {
  const from = { provenance: dashboard.provenance, heardMs: dashboard.heardMs };
  return (
    <>
      <div class="market-side">
        <Market overview={dashboard.overview} {...from} />
        <SentimentPanel />
        <LiquidationPanel liquidations={dashboard.overview?.liquidations} {...from} named />
        <Movers gainers={dashboard.gainers} losers={dashboard.losers} {...from} />
      </div>
      <Scores />
    </>
  );
}

/** The page before the first data: the state of the connection. */
function NoData() {
  const { connection: state, problem } = live.value;
  return (
    <section class="panel">
      <h2>{state === "lost" ? "No data yet" : "Loading the market"}</h2>
      <Empty>
        {state === "lost"
          ? problem?.reason
            ? `The service says: ${problem.message}`
            : "The service does not answer"
          : `Connecting to ${location.host}`}
        . This page keeps trying. It shows the market as soon as there is data.
      </Empty>
      {state !== "lost" && <Skeleton lines={5} />}
    </section>
  );
}
