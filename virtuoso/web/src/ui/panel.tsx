import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Environment, Path, type Problem, type Provenance } from "virtuoso-market";
import { isOutdated, isStale } from "../age.js";
import { connection, staleId } from "../state/live.js";
import { t, venueName } from "../texts/index.js";
import { Age } from "./age.js";
import { Badge } from "./badge.js";

export interface PanelProps {
  title: string;
  /** The provenance of the reply that is shown. Undefined without a reply. */
  provenance?: Provenance | undefined;
  /** When the reply arrived, by this device's clock, epoch milliseconds. */
  heardMs?: number | undefined;
  /** Why there is no newer reply. */
  problem?: Problem | undefined;
  /** True before the first answer: a skeleton is shown. */
  waiting?: boolean;
  /** Content to the right of the title, such as a button. */
  action?: ComponentChildren;
  class?: string;
  children?: ComponentChildren;
}

/** A part of a page: its title, the source and age of its data, its problem, and its children once there is a reply. It is
 * grey when the data is not current. */
export function Panel({ title, provenance, heardMs, problem, waiting, action, class: name, children }: PanelProps) {
  const id = useId();
  const old = provenance && isOutdated(provenance, connection.value, staleId.value, problem);
  return (
    <section class={`panel ${old ? "old" : ""} ${name ?? ""}`} aria-labelledby={id} aria-busy={waiting && !provenance}>
      <header>
        <h2 id={id}>{title}</h2>
        {provenance && <Source provenance={provenance} heardMs={heardMs} />}
        {action}
      </header>
      {problem && <ProblemNote problem={problem} old={!!provenance} />}
      {provenance ? children : waiting && !problem && <Skeleton />}
    </section>
  );
}

/** The exchange, the kind of market and the age in one line, marked when the data is stale or a fallback. */
export function Source({ provenance, heardMs }: { provenance: Provenance; heardMs: number | undefined }) {
  const { environment, path, venue } = provenance;
  return (
    <p class="source">
      {isStale(provenance, staleId.value) && <Badge tone="warn">{t().status.stale}</Badge>}
      {path === Path.FALLBACK && <Badge tone="warn">{t().status.fallback}</Badge>}
      <span>{venueName(venue)}</span>
      <span class={environment === Environment.LIVE ? "" : "not-live"}>
        {t().environments[environment] ?? t().status.unknownMarket}
      </span>
      <Age provenance={provenance} heardMs={heardMs} />
    </p>
  );
}

/** Why a call failed, in the words of the service. */
export function ProblemNote({ problem, old = false }: { problem: Problem; old?: boolean }) {
  return (
    <p class="problem" role="status">
      <b>{old ? t().notUpdated : t().notAvailable}: </b>
      {problem.message}
      {problem.reason && <span class="faint"> ({problem.reason})</span>}
    </p>
  );
}

/** A placeholder before the first answer. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

/** A text where a list has no items. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
