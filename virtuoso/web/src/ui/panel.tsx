import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Environment, Path, type Problem, type Provenance } from "virtuoso-market";
import { isOutdated, isStale } from "../age.js";
import { connection, staleId } from "../state/live.js";
import { ENVIRONMENTS, venueName } from "../words.js";
import { Age } from "./age.js";
import { Badge } from "./bits.js";

export interface PanelProps {
  title: string;
  /** Of the reply that is shown; undefined while there is none. */
  provenance?: Provenance | undefined;
  /** This device's clock when it came, epoch milliseconds. */
  heardMs?: number | undefined;
  /** Why there is no newer one. */
  problem?: Problem | undefined;
  /** No answer of any kind yet: a skeleton stands in. */
  waiting?: boolean;
  /** Stands at the right of the title, such as a button. */
  action?: ComponentChildren;
  class?: string;
  children?: ComponentChildren;
}

/** A part of a page: what it is, where it came from and how old it is, what is wrong with it, and, if there is a reply, its
 * children. It greys where it is not live: connection lost, stale, or a problem since. */
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

/** Venue, kind of market and age in one line, with what is unusual about them in words. */
export function Source({ provenance, heardMs }: { provenance: Provenance; heardMs: number | undefined }) {
  const { environment, path, venue } = provenance;
  return (
    <p class="source">
      {isStale(provenance, staleId.value) && <Badge tone="warn">Stale</Badge>}
      {path === Path.FALLBACK && <Badge tone="warn">Fallback</Badge>}
      <span>{venueName(venue)}</span>
      <span class={environment === Environment.LIVE ? "" : "invented"}>
        {ENVIRONMENTS[environment] ?? "unknown kind of market"}
      </span>
      <Age provenance={provenance} heardMs={heardMs} />
    </p>
  );
}

/** What a call failed with, in the service's own words. */
export function ProblemNote({ problem, old = false }: { problem: Problem; old?: boolean }) {
  return (
    <p class="problem" role="status">
      <b>{old ? "Not renewed: " : "Not available: "}</b>
      {problem.message}
      {problem.reason && <span class="faint"> ({problem.reason})</span>}
    </p>
  );
}

/** Stands in for what is not known yet. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}
