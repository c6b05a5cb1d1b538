import { Component } from "preact";
import { ABSENT } from "../format.js";
import { Value } from "./value.js";

interface Props {
  /** The number behind the text. */
  value: number | undefined;
  /** The formatted number, such as `price(row.price)`. */
  children: string;
}

interface State {
  /** The number and its text after the last change of the text. */
  readonly value: number | undefined;
  readonly text: string;
  readonly direction: "" | "rose" | "fell";
  readonly changes: number;
}

/** A number that changes while it is on the screen. After each change of its text, an arrow and a colour show the direction
 * for a moment. With reduced motion, the arrow of the last change stays. */
export class Moving extends Component<Props, State> {
  override state: State = { value: undefined, text: "", direction: "", changes: 0 };

  static getDerivedStateFromProps({ value, children: text }: Props, before: State): State | null {
    if (text === before.text) return null;
    return { value, text, direction: direction(before.value, value), changes: before.changes + 1 };
  }

  override render() {
    const { text, direction: moved, changes } = this.state;
    if (text === ABSENT) return <Value>{text}</Value>;
    // A new element for each change starts the animation again.
    return (
      <span key={changes} class={`moving ${moved}`}>
        {text}
      </span>
    );
  }
}

function direction(before: number | undefined, value: number | undefined): State["direction"] {
  if (before === undefined || value === undefined || before === value) return "";
  return value > before ? "rose" : "fell";
}
