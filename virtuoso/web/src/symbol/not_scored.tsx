import { type Problem } from "virtuoso-market";
import { price } from "../format.js";
import { live } from "../state/live.js";
import { follow } from "../state/router.js";
import { Change, Source } from "../ui/index.js";
import { venueName } from "../texts/index.js";

/** Why a symbol has no score: the venue does not list it, or it is not tracked. */
export function NotScored({ symbol, problem }: { symbol: string; problem: Problem }) {
  const { dashboard } = live.value;
  const venue = dashboard ? venueName(dashboard.provenance.venue) : "the exchange";
  const tracked = dashboard?.provenance.coverage?.expected;
  const mover = [...(dashboard?.gainers ?? []), ...(dashboard?.losers ?? [])].find((one) => one.symbol === symbol);
  return (
    <section class="panel not-scored">
      {problem.reason === "SYMBOL_NOT_TRACKED" ? (
        <>
          <h2>{symbol} is not scored</h2>
          <p>
            {symbol} trades on {venue}. It is not among the {tracked ?? ""} symbols that have a score: those with the
            largest turnover, or those that the operator chose.
          </p>
        </>
      ) : problem.reason === "SYMBOL_NOT_FOUND" ? (
        <>
          <h2>{symbol} does not exist</h2>
          <p>{venue} has no USDT perpetual with this name.</p>
        </>
      ) : (
        <>
          <h2>"{symbol}" is not a symbol</h2>
          <p>A symbol consists of letters and digits and ends in USDT, such as BTCUSDT.</p>
        </>
      )}
      {mover && dashboard && (
        <p class="not-scored-price">
          <b>{price(mover.price, mover.tickSize)}</b> <Change value={mover.change24hPercent} />
          <Source provenance={dashboard.provenance} heardMs={dashboard.heardMs} />
        </p>
      )}
      <p class="faint">The service says: {problem.message}</p>
      <p>
        <a href="/" onClick={follow}>
          Go to the dashboard
        </a>
      </p>
    </section>
  );
}
