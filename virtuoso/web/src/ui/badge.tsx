import type { ComponentChildren } from "preact";

/** The tone of a badge. "warn" is for stale data, fallbacks and lost connections. "simulated" is for invented data. */
export type Tone = "plain" | "accent" | "up" | "down" | "warn" | "simulated";

/** A badge with a short text. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
