import { useMemo } from "preact/hooks";
import { type BetaWindow, type GetBetaResponse, type RollingBeta } from "virtuoso-market";
import { LineChart } from "../../charts/lines.js";
import { extent } from "../../charts/scale.js";
import { fixed, ms } from "../../format.js";
import { Empty, Segmented, Term, type TermName, Value } from "../../ui/index.js";
import { type Texts, t } from "../../texts/index.js";
import { alphaText } from "./alpha_text.js";
import { span } from "./span.js";
import "../../styles/beta.css";

/** The betas of one symbol in all windows, and over time. */
export function BetaDetail({ symbol, reply }: { symbol: string; reply: GetBetaResponse }) {
  const windows = reply.beta?.windows ?? [];
  if (!windows.length) return <Empty>{t().betas.noReturnsOf(symbol)}</Empty>;
  return (
    <div class="beta-detail">
      <div class="scrolls" tabIndex={0} role="region" aria-label={t().betas.table(symbol)}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">{t().betas.window}</th>
              {windows.map((window) => (
                <th key={window.span} scope="col">
                  <span>{t().spans[window.span] ?? t().lists.other}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {FIGURES.map(([name, show, term]) => (
              <tr key={name}>
                <th scope="row">{term ? <Term of={term}>{t().betas.figures[name]}</Term> : t().betas.figures[name]}</th>
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

const FIGURES: readonly (readonly [keyof Texts["betas"]["figures"], (window: BetaWindow) => string, TermName?])[] = [
  ["beta", ({ beta }) => two(beta), "beta"],
  ["betaError", ({ betaError }) => two(betaError), "standardError"],
  ["correlation", ({ correlation }) => two(correlation), "correlation"],
  ["rSquared", ({ rSquared }) => two(rSquared), "rSquared"],
  ["upsideBeta", ({ upsideBeta }) => two(upsideBeta)],
  ["downsideBeta", ({ downsideBeta }) => two(downsideBeta)],
  ["alphaAnnualPercent", alphaText, "alpha"],
  ["alphaT", ({ alphaT }) => two(alphaT), "tStatistic"],
  ["points", ({ points }) => fixed(points, 0)],
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
  if (!shown || !first || !last || first === last) return <Empty>{t().betas.noChart}</Empty>;
  const steps = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? at));
  const betas = points.flatMap(({ value }) => value ?? []);
  return (
    <>
      <header class="beta-rolling">
        <h3>{t().betas.overTime}</h3>
        <Segmented
          label={t().betas.window}
          options={series.map((one) => [one.span, t().spans[one.span] ?? t().lists.other] as const)}
          value={shown.span}
          onChange={(value) => {
            span.value = value;
          }}
        />
      </header>
      <LineChart
        label={t().betas.chart(symbol, t().spans[shown.span] ?? t().betas.days)}
        lines={[{ name: t().betas.figures.beta, points, role: "first", show: two, range: extent([...betas, 1]) }]}
        span={[first.at, last.at]}
        gapMs={1.6 * Math.min(...steps)}
      />
      <p class="faint">{t().betas.points}</p>
    </>
  );
}
