import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { type Texts, t } from "../texts/index.js";

/** A term that has an explanation. */
export type TermName = keyof Texts["terms"];

/** A term as a button that explains it in a popover. The text of the button is `children`, by default the term's name. */
export function Term({ of, children }: { of: TermName; children?: ComponentChildren }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const { name, text } = t().terms[of];
  return (
    <span class="term">
      <button type="button" popovertarget={id}>
        {children ?? name}
      </button>
      <span
        id={id}
        popover="auto"
        role="dialog"
        aria-label={name}
        tabIndex={-1}
        autofocus
        onBeforeToggle={({ newState }) => setOpen(newState === "open")}
      >
        {open && (
          <>
            <b>{name}</b> {text}
          </>
        )}
      </span>
    </span>
  );
}

/** Terms of a table or of a list, in one line below it. Its headers and rows are buttons themselves. */
export function Terms({ of }: { of: readonly TermName[] }) {
  return (
    <p class="terms faint">
      {t().termsLabel}{" "}
      {of.map((one) => (
        <Term key={one} of={one} />
      ))}
    </p>
  );
}
