/** One of a few, side by side: a group of toggle buttons. */
export function Segmented<T extends string | number>(props: {
  options: readonly (readonly [value: T, text: string])[];
  value: T;
  onChange: (value: T) => void;
  /** What is chosen here, for screen readers. */
  label: string;
}) {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <button type="button" key={value} aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {text}
        </button>
      ))}
    </div>
  );
}
