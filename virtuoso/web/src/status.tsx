import type { ComponentChildren } from "preact";
import { Environment, Path, type Provenance } from "virtuoso-market";
import { timeSpan } from "./format.js";
import { now } from "./state/clock.js";
import { connection, live } from "./state/live.js";
import { Age } from "./ui/index.js";
import { t, venueName } from "./texts/index.js";

/** Return the state of the connection as text. A service that answers "no data" is connected. */
function connectionText(): string {
  const { connection: state, problem } = live.value;
  if (state === "lost") return problem?.reason ? t().status.noData : t().status.noConnection;
  return state === "live" ? t().status.live : t().status.connecting;
}

/** The state of the connection, in the header. */
export function Connection() {
  const state = connection.value;
  const venue = live.value.dashboard?.provenance.venue;
  return (
    <p class={`connection ${state}`} role="status">
      {connectionText()}
      {state === "live" && venue && <span class="faint">{venueName(venue)}</span>}
    </p>
  );
}

/** Warnings on every page: a simulated market, stale data, another exchange, a lost connection. */
export function Strips() {
  const { dashboard, problem } = live.value;
  const provenance = dashboard?.provenance;
  return (
    <>
      {provenance && <EnvironmentStrip provenance={provenance} />}
      {provenance?.path === Path.FALLBACK && <FallbackStrip provenance={provenance} />}
      {provenance?.stale && connection.value === "live" && (
        <Strip word={t().status.stale}>
          {reason(provenance) ?? t().status.noNewerData}; {t().status.dataIs}{" "}
          <Age provenance={provenance} heardMs={dashboard?.heardMs} />
        </Strip>
      )}
      {connection.value === "lost" && (
        <Strip word={connectionText()}>
          {dashboard && (
            <>
              {t().status.dataIs} <Age provenance={provenance} heardMs={dashboard.heardMs} />;{" "}
            </>
          )}
          <NextTry />
          {problem?.reason && <span class="strip-message">{problem.message}</span>}
        </Strip>
      )}
    </>
  );
}

function Strip({ word, tone = "warn", children }: { word: string; tone?: string; children: ComponentChildren }) {
  return (
    <p class={`strip ${tone}`}>
      <b>{word}</b> <span>{children}</span>
    </p>
  );
}

function EnvironmentStrip({ provenance }: { provenance: Provenance }) {
  switch (provenance.environment) {
    case Environment.LIVE:
      return null;
    case Environment.SIMULATED:
      return (
        <Strip word={t().status.simulated} tone="simulated">
          {t().status.simulatedMarket}
        </Strip>
      );
    case Environment.REPLAY:
      return (
        <Strip word={t().status.replay} tone="simulated">
          {t().status.recording}
        </Strip>
      );
    default:
      return (
        <Strip word={t().status.unknownMarket} tone="simulated">
          {t().status.unknownKind}
        </Strip>
      );
  }
}

function FallbackStrip({ provenance }: { provenance: Provenance }) {
  const because = reason(provenance);
  const used = venueName(provenance.venue);
  return (
    <Strip word={t().status.fallback}>
      {provenance.fallbackFrom ? t().status.instead(used, venueName(provenance.fallbackFrom)) : used}
      {because && `: ${because}`}
    </Strip>
  );
}

const reason = (provenance: Provenance) => t().reasons[provenance.fallbackReason];

function NextTry() {
  const { retryAtMs } = live.value;
  if (retryAtMs === undefined) return <>{t().status.reloadToTry}</>;
  const left = retryAtMs - now.value;
  return <>{left > 0 ? t().status.nextTry(timeSpan(left + 999)) : t().status.connectingAgain}</>;
}
