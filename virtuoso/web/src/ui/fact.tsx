import type { ComponentChildren } from "preact";
import { Value } from "./value.js";

/** A name and its value in a list of facts. `more` is a remark after the value. */
export function Fact({ name, value, more }: { name: ComponentChildren; value: string; more?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Value>{value}</Value>
        {more && <small class="faint"> {more}</small>}
      </dd>
    </div>
  );
}
