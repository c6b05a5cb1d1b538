import { ABSENT, percent } from "../format.js";
import { t } from "../texts/index.js";

/** A formatted number, such as `price(row.price)`. A screen reader reads ABSENT as "not measured". */
export function Value({ children, class: name }: { children: string; class?: string }) {
  if (children !== ABSENT) return <span class={name}>{children}</span>;
  return (
    <span class={`unmeasured ${name ?? ""}`}>
      <span aria-hidden="true">{ABSENT}</span>
      <span class="visually-hidden">{t().notMeasured}</span>
    </span>
  );
}

/** Return the direction of a formatted number by the sign that it shows. 0.00 has none, whatever was rounded. */
export function signDirection(text: string): "up" | "down" | "flat" {
  return text.startsWith("+") ? "up" : text.startsWith("−") ? "down" : "flat";
}

const ARROWS = { up: "▲", down: "▼", flat: "" };

/** A change in percent with its sign, colour and arrow. */
export function Change({ value, digits = 2 }: { value: number | undefined; digits?: number }) {
  const text = percent(value, digits);
  if (text === ABSENT) return <Value>{text}</Value>;
  const direction = signDirection(text);
  // A new element for each text: otherwise a text that becomes longer counts as one that moved.
  return (
    <span key={text} class={`change ${direction}`}>
      {direction !== "flat" && <span aria-hidden="true">{ARROWS[direction]}</span>}
      {text}
    </span>
  );
}
