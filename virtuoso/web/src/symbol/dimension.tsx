import { useState } from "preact/hooks";
import type { Component, Dimension, Provenance } from "virtuoso-market";
import { ageMs } from "../age.js";
import { ms, score, share, signed, timeSpan } from "../format.js";
import { now } from "../state/clock.js";
import { Moving, ScoreBar, Value, signDirection } from "../ui/index.js";
import { t } from "../texts/index.js";
import { componentName, inputName, listed, reading, sentenceCase } from "./names.js";

interface Props {
  readonly dimension: Dimension;
  /** Its contribution to the score, in points. Undefined when it was not measured or when there is no score. */
  readonly points: number | undefined;
  readonly provenance: Provenance | undefined;
  readonly heardMs: number | undefined;
}

/** One dimension: its score, its points and its sentence. It opens to show its components. */
export function DimensionRow({ dimension, points, provenance, heardMs }: Props) {
  const [open, setOpen] = useState(false);
  const name = t().dimensions[dimension.kind] ?? "Another dimension";
  return (
    <details class="dimension" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="dimension-name">{name}</span>
        <span class="dimension-score">
          <Moving value={dimension.score}>{score(dimension.score)}</Moving>
        </span>
        <span class={`dimension-points ${signDirection(signed(points, 2))}`}>
          <Value>{signed(points, 2)}</Value>
          {points !== undefined && <span class="unit"> pts</span>}
        </span>
        <ScoreBar value={dimension.score} label={name} />
        <span class="dimension-sentence">{dimension.sentence}</span>
        <span class="dimension-age">
          weight {share(dimension.weight)} · confidence {share(dimension.confidence)} · inputs{" "}
          <InputAge observedMs={ms(dimension.observedTime)} provenance={provenance} heardMs={heardMs} />
        </span>
      </summary>
      {open && <Components dimension={dimension} provenance={provenance} heardMs={heardMs} />}
    </details>
  );
}

/** The age of an input. It is the input's age when the snapshot was made, plus the age of the
 * snapshot. */
function InputAge(props: Pick<Props, "provenance" | "heardMs"> & { observedMs: number | undefined }) {
  const { observedMs, provenance, heardMs } = props;
  const snapshotMs = ms(provenance?.observedTime);
  const age = ageMs(provenance, heardMs, now.value);
  if (observedMs === undefined || snapshotMs === undefined || age === undefined) return <span>age unknown</span>;
  return <span>{timeSpan(snapshotMs - observedMs + age)} old</span>;
}

function Components({ dimension, ...received }: Omit<Props, "points">) {
  const { components, missingInputs, inputs } = dimension;
  return (
    <div class="components">
      {missingInputs.length > 0 && <p class="note">Missing: {listed(missingInputs.map(inputName))}.</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col">Reading</th>
            <th scope="col">Direction</th>
            <th scope="col">Weight</th>
            <th scope="col">Points</th>
          </tr>
        </thead>
        <tbody>
          {components.map((component) => (
            <ComponentRow key={component.name} component={component} />
          ))}
        </tbody>
      </table>
      <p class="faint">The score of a dimension is 50 and the points of its components.</p>
      <ul class="inputs faint" aria-label="Inputs">
        {inputs.map((input) => (
          <li key={input.name}>
            {sentenceCase(inputName(input.name))}: {t().transports[input.transport] ?? "came another way"},{" "}
            <InputAge observedMs={ms(input.observedTime)} {...received} />
            {input.incomplete && <b>, a part is missing</b>}
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
  if (direction === undefined) {
    return (
      <tr class="unmeasured">
        {head}
        <td colSpan={2}>not measured{missing && `: ${missing}`}</td>
        <td>{share(weight)}</td>
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
        <ScoreBar value={50 + 50 * direction} label="Direction" />
      </td>
      <td>{share(weight)}</td>
      <td class={signDirection(signed(contribution, 2))}>{signed(contribution, 2)}</td>
    </tr>
  );
}
