import { useMemo } from "preact/hooks";
import { type BetaWindow, type GetBetaResponse, type RollingBeta } from "virtuoso-market";
import { LineChart } from "../../charts/lines.js";
import { extent } from "../../charts/scale.js";
import { fixed, ms } from "../../format.js";
import { Empty, Segmented, Value } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { alphaText } from "./alpha_text.js";
import { span } from "./span.js";
import "../../styles/beta.css";

/** The betas of one symbol in all windows, and over time. */
export function BetaDetail({ symbol, reply }: { symbol: string; reply: GetBetaResponse }) {
  const windows = reply.beta?.windows ?? [];
  if (!windows.length) return <Empty>{symbol} does not have enough returns for a beta yet.</Empty>;
  return (
    <div class="beta-detail">
      <div class="scrolls" tabIndex={0} role="region" aria-label={`Betas of ${symbol} by window`}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Window</th>
              {windows.map((window) => (
                <th key={window.span} scope="col">
                  {t().spans[window.span] ?? "Other"}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {FIGURES.map(([name, show]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {windows.map((window) => (
                  <td key={window.span}>
                    <Value>{show(window)}</Value>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Rolling symbol={symbol} series={reply.rolling} />
    </div>
  );
}

const FIGURES: readonly (readonly [string, (window: BetaWindow) => string])[] = [
  ["Beta", ({ beta }) => two(beta)],
  ["± standard error", ({ betaError }) => two(betaError)],
  ["Correlation", ({ correlation }) => two(correlation)],
  ["R²", ({ rSquared }) => two(rSquared)],
  ["Beta when BTC rises", ({ upsideBeta }) => two(upsideBeta)],
  ["Beta when BTC falls", ({ downsideBeta }) => two(downsideBeta)],
  ["Alpha per year", alphaText],
  ["t-statistic of alpha", ({ alphaT }) => two(alphaT)],
  ["Number of returns", ({ points }) => fixed(points, 0)],
];

const two = (value: number | undefined) => fixed(value, 2);

function Rolling({ symbol, series }: { symbol: string; series: readonly RollingBeta[] }) {
  const shown = series.find((one) => one.span === span.value) ?? series[0];
  const points = useMemo(
    () => shown?.endTimes.map((at, index) => ({ at: ms(at) ?? 0, value: shown.betas[index] })) ?? [],
    [shown],
  );
  const first = points[0];
  const last = points.at(-1);
  if (!shown || !first || !last || first === last) return <Empty>There is not enough history for a chart.</Empty>;
  const steps = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? at));
  const betas = points.flatMap(({ value }) => value ?? []);
  return (
    <>
      <header class="beta-rolling">
        <h3>Over time</h3>
        <Segmented
          label="Window"
          options={series.map((one) => [one.span, t().spans[one.span] ?? "Other"] as const)}
          value={shown.span}
          onChange={(value) => {
            span.value = value;
          }}
        />
      </header>
      <LineChart
        label={`Beta of ${symbol} over the last ${t().spans[shown.span] ?? "days"}`}
        lines={[{ name: "Beta", points, role: "first", show: two, range: extent([...betas, 1]) }]}
        span={[first.at, last.at]}
        gapMs={1.6 * Math.min(...steps)}
      />
      <p class="faint">Each point is the beta over the last quarter of the window before it.</p>
    </>
  );
}
