import type { Signal } from "@preact/signals";
import { t } from "../texts/index.js";

/** A choice of any number of options, as toggle buttons in a scrolling row. No choice means all options. */
export function Choices<T extends number>(props: {
  options: readonly (readonly [value: T, text: string])[];
  chosen: Signal<readonly T[]>;
  label: string;
  count?: (value: T) => number;
}) {
  const { options, chosen, label, count } = props;
  const toggle = (value: T) => {
    const before = chosen.value;
    chosen.value = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  };
  return (
    <div class="choices" role="group" aria-label={label}>
      <button
        type="button"
        class="button"
        aria-pressed={!chosen.value.length}
        onClick={() => {
          chosen.value = [];
        }}
      >
        {t().lists.all}
      </button>
      {options.map(([value, text]) => (
        <button
          type="button"
          class="button"
          key={value}
          aria-pressed={chosen.value.includes(value)}
          onClick={() => toggle(value)}
        >
          {text}
          {count && <span class="faint">{count(value)}</span>}
        </button>
      ))}
    </div>
  );
}
