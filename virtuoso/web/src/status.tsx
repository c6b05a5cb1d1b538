import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Environment, Path, type Provenance } from "virtuoso-market";
import type { Status } from "./age.js";
import { timeSpan } from "./format.js";
import { now } from "./state/clock.js";
import { live, silenceMs, status } from "./state/live.js";
import { Age } from "./ui/index.js";
import { t, venueName } from "./texts/index.js";

/** The status, and the source and age of the data on the page, in the header. A strip names the kind of a market that is not
 * live. */
export function Connection() {
  const { dashboard } = live.value;
  return (
    <div class={`connection ${status.value}`}>
      <p role="status">{t().status[status.value]}</p>
      {dashboard && (
        <p class="source">
          <span>{venueName(dashboard.provenance.venue)}</span>
          <Age provenance={dashboard.provenance} heardMs={dashboard.heardMs} />
        </p>
      )}
    </div>
  );
}

/** Warnings on every page: a simulated market, another exchange, and why the data is not current. They are over the page, so
 * that nothing moves when one comes or goes. */
export function Strips() {
  const stripsRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const strips = stripsRef.current;
    if (!strips) return undefined;
    // On phones they cover the end of the page, which leaves room for them.
    const watch = new ResizeObserver(() => {
      document.documentElement.style.setProperty("--strips", `${strips.offsetHeight}px`);
    });
    watch.observe(strips);
    return () => watch.disconnect();
  }, []);
  const provenance = live.value.dashboard?.provenance;
  return (
    <div class="strips" ref={stripsRef}>
      {provenance && <EnvironmentStrip provenance={provenance} />}
      {provenance?.path === Path.FALLBACK && <FallbackStrip provenance={provenance} />}
      {status.value !== "live" && status.value !== "connecting" && (
        <Strip word={t().status[status.value]}>
          <Cause status={status.value} />
        </Strip>
      )}
    </div>
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

/** Why the data is not current. */
function Cause({ status: name }: { status: Status }) {
  const { dashboard, problem } = live.value;
  switch (name) {
    case "stale":
      return <>{(dashboard && reason(dashboard.provenance)) ?? t().status.noNewerData}</>;
    case "silent":
      return <>{t().status.silentFor(timeSpan(silenceMs.value))}</>;
    case "offline":
      return <>{t().status.noNetwork}</>;
    default:
      return (
        <>
          <NextTry />
          {problem?.reason && (
            <span class="strip-message" lang="en">
              {problem.message}
            </span>
          )}
        </>
      );
  }
}

function NextTry() {
  const { retryAtMs } = live.value;
  if (retryAtMs === undefined) return <>{t().status.reloadToTry}</>;
  const left = retryAtMs - now.value;
  return <>{left > 0 ? t().status.nextTry(timeSpan(left + 999)) : t().status.connectingAgain}</>;
}
