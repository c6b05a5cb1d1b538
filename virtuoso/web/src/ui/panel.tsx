import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { Environment, type Problem, type Provenance } from "virtuoso-market";
import { differInAge, isOutdated } from "../age.js";
import { live, staleId, status } from "../state/live.js";
import { t, venueName } from "../texts/index.js";
import { Age } from "./age.js";
import { Term, type TermName } from "./term.js";

export interface PanelProps {
  title: string;
  /** The term that explains the title. */
  term?: TermName;
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
  /** True if the panel scrolls by itself. The keyboard then reaches it. */
  scrolls?: boolean;
  children?: ComponentChildren;
}

/** A part of a page: its title, what differs from the source and age in the header, its problem, and its children once there
 * is a reply. It is grey when the data is not current. */
export function Panel({
  title,
  term,
  provenance,
  heardMs,
  problem,
  waiting,
  action,
  class: name,
  scrolls,
  children,
}: PanelProps) {
  const id = useId();
  const old = provenance && isOutdated(provenance, status.value, staleId.value, problem);
  return (
    <section
      class={`panel ${old ? "old" : ""} ${name ?? ""}`}
      aria-labelledby={id}
      aria-busy={waiting && !provenance}
      tabIndex={scrolls ? 0 : undefined}
    >
      <header>
        <h2 id={id}>{term ? <Term of={term}>{title}</Term> : title}</h2>
        {provenance && <OwnSource provenance={provenance} heardMs={heardMs} />}
        {action}
      </header>
      {problem && !(provenance && isProblemOfPage(problem)) && <ProblemNote problem={problem} old={!!provenance} />}
      {provenance ? children : waiting && !problem && <Skeleton />}
    </section>
  );
}

interface SourceProps {
  provenance: Provenance;
  heardMs: number | undefined;
}

/** The exchange, the kind of market and the age in one line. What `known` has in common is left out. */
export function Source({ provenance, heardMs, known }: SourceProps & { known?: Known | undefined }) {
  const { environment, venue } = provenance;
  return (
    <p class="source">
      {venue !== known?.venue && <span>{venueName(venue)}</span>}
      {environment !== known?.environment && (
        <span class={environment === Environment.LIVE ? "" : "not-live"}>
          {t().environments[environment] ?? t().status.unknownMarket}
        </span>
      )}
      {!known?.age && <Age provenance={provenance} heardMs={heardMs} />}
    </p>
  );
}

/** What the page says already: a venue, an environment, and whether it is the same age. */
type Known = Pick<Provenance, "venue" | "environment"> & { readonly age: boolean };

const KEEP_AGE_MS = 15_000;

/** What differs from the source and age in the header. An age that differed stays for a while, so that it does not come and
 * go between two replies. */
export function OwnSource({ provenance, heardMs }: SourceProps) {
  const { dashboard } = live.value;
  const differs = !dashboard || differInAge({ provenance, heardMs }, dashboard);
  const [differed, setDiffered] = useState(differs);
  useEffect(() => {
    const timer = setTimeout(setDiffered, differs ? 0 : KEEP_AGE_MS, differs);
    return () => clearTimeout(timer);
  }, [differs]);
  const known = dashboard && { ...dashboard.provenance, age: !differs && !differed };
  return <Source provenance={provenance} heardMs={heardMs} known={known} />;
}

/** Return true for a problem that the header tells. */
function isProblemOfPage({ reason }: Problem): boolean {
  return status.value !== "live" && (reason === undefined || reason === live.value.problem?.reason);
}

/** Why a call failed, in the words of the service. */
export function ProblemNote({ problem, old = false }: { problem: Problem; old?: boolean }) {
  return (
    <p class="problem" role="status">
      <b>{old ? t().notUpdated : t().notAvailable}: </b>
      <span lang="en">{problem.message}</span>
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
