import type { ComponentChildren } from "preact";
import { Environment, Path, type Provenance } from "virtuoso-market";
import { span } from "./format.js";
import { now } from "./state/clock.js";
import { connection, live } from "./state/live.js";
import { Age } from "./ui/index.js";
import { REASONS, venueName } from "./words.js";

/** The connection in words. A service that answers that it has no data is not out of reach. */
function connectionWord(): string {
  const { connection: state, problem } = live.value;
  if (state === "lost") return problem?.reason ? "No data" : "No connection";
  return state === "live" ? "Live" : "Connecting";
}

/** Whether the page hears the service, in words. */
export function Connection() {
  const state = connection.value;
  const venue = live.value.dashboard?.provenance.venue;
  return (
    <p class={`connection ${state}`} role="status">
      {connectionWord()}
      {state === "live" && venue && <span class="faint">{venueName(venue)}</span>}
    </p>
  );
}

/** What must not be missed, on every page: an invented market, old data, another exchange, no connection. */
export function Strips() {
  const { dashboard, problem } = live.value;
  const provenance = dashboard?.provenance;
  return (
    <>
      {provenance && <EnvironmentStrip provenance={provenance} />}
      {provenance?.path === Path.FALLBACK && <FallbackStrip provenance={provenance} />}
      {provenance?.stale && connection.value === "live" && (
        <Strip word="Stale">
          {reason(provenance) ?? "no newer data has come"}; what is shown is{" "}
          <Age provenance={provenance} heardMs={dashboard?.heardMs} />
        </Strip>
      )}
      {connection.value === "lost" && (
        <Strip word={connectionWord()}>
          {dashboard && (
            <>
              the last data is <Age provenance={provenance} heardMs={dashboard.heardMs} />;{" "}
            </>
          )}
          <NextTry />
          {problem?.reason && <span class="said-by">{problem.message}</span>}
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
          an invented market: no price here is real
        </Strip>
      );
    case Environment.REPLAY:
      return (
        <Strip word="Replay" tone="simulated">
          a recording: these are not today's prices
        </Strip>
      );
    default:
      return (
        <Strip word="Unknown market" tone="simulated">
          this page does not know what kind of market this is: load it anew
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
  if (retryAtMs === undefined) return <>load the page anew</>;
  const left = retryAtMs - now.value;
  return <>{left > 0 ? `next try in ${span(left + 999)}` : "trying again now"}</>;
}
