/** A choice of one among a few options, as toggle buttons side by side. */
export function Segmented<T extends string | number>(props: {
  options: readonly (readonly [value: T, text: string, ...rest: unknown[]])[];
  value: T;
  onChange: (value: T) => void;
  /** The name of the choice, for screen readers. */
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
