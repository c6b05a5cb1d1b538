import type { Dashboard as Heard } from "virtuoso-market";
import { live } from "../../state/live.js";
import { Empty, Skeleton } from "../../ui/index.js";
import { Market } from "./market.js";
import { Mood } from "./mood.js";
import { Movers } from "./movers.js";
import { Scores } from "./scores.js";

/** The whole market on one page, all of it from one snapshot; the sentiment, which is asked for, says its own. */
export function Dashboard() {
  const { dashboard } = live.value;
  return (
    <div class="dashboard">
      <h1 class="said">Dashboard</h1>
      {dashboard ? <Whole dashboard={dashboard} /> : <Nothing />}
    </div>
  );
}

function Whole({ dashboard }: { dashboard: Heard }) {
  const from = { provenance: dashboard.provenance, heardMs: dashboard.heardMs };
  return (
    <>
      <div class="market-side">
        <Market overview={dashboard.overview} {...from} />
        <Mood />
        <Movers gainers={dashboard.gainers} losers={dashboard.losers} {...from} />
      </div>
      <Scores />
    </>
  );
}

/** A first visit before the first answer: what is known, in words. */
function Nothing() {
  const { connection: state, problem } = live.value;
  return (
    <section class="panel">
      <h2>{state === "lost" ? "No data yet" : "Asking for the market"}</h2>
      <Empty>
        {state === "lost"
          ? problem?.reason
            ? `The service says: ${problem.message}`
            : "The service does not answer"
          : `Connecting to ${location.host}`}
        . This page keeps trying and shows the market as soon as it is there.
      </Empty>
      {state !== "lost" && <Skeleton lines={5} />}
    </section>
  );
}
