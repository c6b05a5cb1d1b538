import type { ComponentChildren } from "preact";
import { Environment, Path, type Provenance } from "virtuoso-market";
import { timeSpan } from "./format.js";
import { now } from "./state/clock.js";
import { connection, live } from "./state/live.js";
import { Age } from "./ui/index.js";
import { REASONS, venueName } from "./words.js";

/** Return the state of the connection as text. A service that answers "no data" is connected. */
function connectionText(): string {
  const { connection: state, problem } = live.value;
  if (state === "lost") return problem?.reason ? "No data" : "No connection";
  return state === "live" ? "Live" : "Connecting";
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
        <Strip word="Stale">
          {reason(provenance) ?? "no newer data has arrived"}; the data is{" "}
          <Age provenance={provenance} heardMs={dashboard?.heardMs} />
        </Strip>
      )}
      {connection.value === "lost" && (
        <Strip word={connectionText()}>
          {dashboard && (
            <>
              the data is <Age provenance={provenance} heardMs={dashboard.heardMs} />;{" "}
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
        <Strip word="Simulated" tone="simulated">
          This market is simulated: no price is real.
        </Strip>
      );
    case Environment.REPLAY:
      return (
        <Strip word="Replay" tone="simulated">
          This is a recording: the prices are not current.
        </Strip>
      );
    default:
      return (
        <Strip word="Unknown market" tone="simulated">
          This page is too old to know this kind of market. Reload it.
        </Strip>
      );
  }
}

function FallbackStrip({ provenance }: { provenance: Provenance }) {
  const because = reason(provenance);
  return (
    <Strip word="Fallback">
      {venueName(provenance.venue)}
      {provenance.fallbackFrom && ` instead of ${venueName(provenance.fallbackFrom)}`}
      {because && `: ${because}`}
    </Strip>
  );
}

const reason = (provenance: Provenance) => REASONS[provenance.fallbackReason];

function NextTry() {
  const { retryAtMs } = live.value;
  if (retryAtMs === undefined) return <>reload the page to try again</>;
  const left = retryAtMs - now.value;
  return <>{left > 0 ? `next attempt in ${timeSpan(left + 999)}` : "connecting again"}</>;
}
