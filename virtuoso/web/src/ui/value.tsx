import { ABSENT, percent } from "../format.js";

/** A number as text, such as `price(row.price)`. Where that is ABSENT a screen reader says so. */
export function Value({ children, class: name }: { children: string; class?: string }) {
  if (children !== ABSENT) return <span class={name}>{children}</span>;
  return (
    <span class={`unmeasured ${name ?? ""}`}>
      <span aria-hidden="true">{ABSENT}</span>
      <span class="said">not measured</span>
    </span>
  );
}

/** Which way a number points: its class and its arrow. */
export function way(value: number | undefined): "up" | "down" | "flat" {
  return value === undefined || value === 0 ? "flat" : value > 0 ? "up" : "down";
}

const ARROWS = { up: "▲", down: "▼", flat: "" };

/** A change in percent: sign, colour and arrow. */
export function Change({ value, digits = 2 }: { value: number | undefined; digits?: number }) {
  const text = percent(value, digits);
  if (text === ABSENT) return <Value>{text}</Value>;
  const direction = /^[+−]/.test(text) ? way(value) : "flat";
  return (
    <span class={`change ${direction}`}>
      {direction !== "flat" && <span aria-hidden="true">{ARROWS[direction]}</span>}
      {text}
    </span>
  );
}
