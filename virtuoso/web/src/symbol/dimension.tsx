import { useState } from "preact/hooks";
import { type Component, type Dimension, DimensionKind, type Provenance } from "virtuoso-market";
import { ageMs } from "../age.js";
import { listed, ms, score, share, signed, timeSpan } from "../format.js";
import { now } from "../state/clock.js";
import { Moving, ScoreBar, Term, type TermName, Value, signDirection } from "../ui/index.js";
import { t } from "../texts/index.js";
import { componentName, inputName, reading, sentenceCase } from "./names.js";

interface Props {
  readonly dimension: Dimension;
  /** Its contribution to the score, in points. Undefined when it was not measured or when there is no score. */
  readonly points: number | undefined;
  readonly provenance: Provenance | undefined;
  readonly heardMs: number | undefined;
}

const TERMS: Partial<Record<DimensionKind, TermName>> = {
  [DimensionKind.TECHNICAL]: "technical",
  [DimensionKind.VOLUME]: "volume",
  [DimensionKind.ORDERFLOW]: "orderflow",
  [DimensionKind.ORDERBOOK]: "orderbook",
  [DimensionKind.PRICE_STRUCTURE]: "priceStructure",
  [DimensionKind.SENTIMENT]: "sentiment",
};

/** One dimension: its score, its points and its sentence. It opens to show its components. */
export function DimensionRow({ dimension, points, provenance, heardMs }: Props) {
  const [open, setOpen] = useState(false);
  const words = t().breakdown;
  const name = t().dimensions[dimension.kind] ?? t().breakdown.otherDimension;
  return (
    <details class="dimension" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="dimension-name">{name}</span>
        <span class="dimension-score">
          <Moving value={dimension.score}>{score(dimension.score)}</Moving>
        </span>
        <span class={`dimension-points ${signDirection(signed(points, 2))}`}>
          <Value>{signed(points, 2)}</Value>
          {points !== undefined && <span class="unit"> {words.points}</span>}
        </span>
        <ScoreBar value={dimension.score} label={name} />
        <span class="dimension-sentence" lang="en">
          {dimension.sentence}
        </span>
        <span class="dimension-age">
          {words.weight(share(dimension.weight))} · {words.confidenceOf(share(dimension.confidence))} ·{" "}
          <InputAge
            observedMs={ms(dimension.observedTime)}
            provenance={provenance}
            heardMs={heardMs}
            text={words.inputAge}
          />
        </span>
      </summary>
      {open && <Components dimension={dimension} provenance={provenance} heardMs={heardMs} />}
    </details>
  );
}

type Input = Pick<Props, "provenance" | "heardMs"> & { readonly observedMs: number | undefined };

/** Return the age of an input in milliseconds: its age when the snapshot was made, plus the age of the snapshot. Return
 * undefined when it is not known. */
export function inputAgeMs({ observedMs, provenance, heardMs }: Input, nowMs: number): number | undefined {
  const snapshotMs = ms(provenance?.observedTime);
  const age = ageMs(provenance, heardMs, nowMs);
  const isKnown = observedMs !== undefined && snapshotMs !== undefined && age !== undefined;
  return isKnown ? snapshotMs - observedMs + age : undefined;
}

/** The age of an input. */
export function InputAge({ text = String, ...input }: Input & { readonly text?: (age: string) => string }) {
  const age = inputAgeMs(input, now.value);
  return <span>{text(age === undefined ? t().ageUnknown : t().old(timeSpan(age)))}</span>;
}

function Components({ dimension, ...received }: Omit<Props, "points">) {
  const { components, missingInputs, inputs, kind } = dimension;
  const term = TERMS[kind];
  const words = t().breakdown;
  return (
    <div class="components">
      {term && <p class="faint">{t().terms[term].text}</p>}
      {missingInputs.length > 0 && <p class="note">{words.missing(listed(missingInputs.map(inputName)))}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">{words.columns.component}</th>
            <th scope="col">{words.columns.reading}</th>
            <th scope="col">{words.columns.direction}</th>
            <th scope="col">{words.columns.weight}</th>
            <th scope="col">
              <Term of="points">{words.columns.points}</Term>
            </th>
          </tr>
        </thead>
        <tbody>
          {components.map((component) => (
            <ComponentRow key={component.name} component={component} />
          ))}
        </tbody>
      </table>
      <p class="faint">{words.sum}</p>
      <ul class="inputs faint" aria-label={words.inputs}>
        {inputs.map((input) => (
          <li key={input.name}>
            {sentenceCase(inputName(input.name))}: {t().transports[input.transport] ?? words.otherTransport},{" "}
            <InputAge observedMs={ms(input.observedTime)} {...received} />
            {input.incomplete && <b>{words.incomplete}</b>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function ComponentRow({ component }: { component: Component }) {
  const { name, bars } = componentName(component.name);
  const { direction, weight, contribution, unit, missing } = component;
  const head = (
    <th scope="row">
      {name} {bars && <span class="faint">{bars}</span>}
    </th>
  );
  const weighed = (
    <td>
      <Value>{share(weight)}</Value>
    </td>
  );
  if (direction === undefined) {
    return (
      <tr class="unmeasured">
        {head}
        <td colSpan={2}>
          {t().notMeasured}
          {missing && <span lang="en">: {missing}</span>}
        </td>
        {weighed}
        <td>
          <Value>{signed(undefined)}</Value>
        </td>
      </tr>
    );
  }
  return (
    <tr>
      {head}
      <td>
        <Value>{component.reading === undefined ? signed(undefined) : reading(component.reading, unit)}</Value>
      </td>
      <td>
        <ScoreBar value={50 + 50 * direction} label={t().breakdown.columns.direction} />
      </td>
      {weighed}
      <td class={signDirection(signed(contribution, 2))}>
        <Value>{signed(contribution, 2)}</Value>
      </td>
    </tr>
  );
}
