import type { MarketSeries } from "virtuoso-market";
import { ms, timeSpan } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { t } from "../../texts/index.js";
import { SERIES, type SeriesLayer } from "./series.js";

/** Where the series of the panes come from and how old they are, or why they are missing. */
export function Sources({ layers, series }: { layers: readonly SeriesLayer[]; series: readonly MarketSeries[] }) {
  const words = t().chart;
  const known = layers.flatMap((layer) => {
    const one = series.find(({ kind }) => kind === SERIES[layer][0]);
    return one ? [{ layer, one }] : [];
  });
  if (!known.length) return null;
  return (
    <ul class="chart-sources faint">
      {known.map(({ layer, one: { source, observedTime, missing, lowerBound } }) => (
        <li key={layer}>
          {words.layers[layer]}:{" "}
          {missing
            ? words.missing(missing)
            : `${words.sources[source] ?? ""}, ${t().old(timeSpan(marketTime.value - (ms(observedTime) ?? 0)))}`}
          {lowerBound && ` (${t().liquidations.atLeast})`}
        </li>
      ))}
    </ul>
  );
}
