import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../texts/index.js";
import { Icon } from "./icon.js";

/** A dialog that opens from the bottom, or from the right on wide screens. The browser's <dialog> keeps the focus inside,
 * closes on Escape and returns the focus. */
export function Sheet(props: {
  open: boolean;
  onClose: () => void;
  title: string;
  class?: string;
  children: ComponentChildren;
}) {
  const { open, onClose, title, class: name, children } = props;
  const dialogRef = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const shown = dialogRef.current;
    shown?.showModal();
    document.documentElement.classList.add("under-sheet");
    return () => {
      shown?.close();
      document.documentElement.classList.remove("under-sheet");
    };
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={dialogRef}
      class={`sheet ${name ?? ""}`}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === dialogRef.current && onClose()}
    >
      <div>
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon-button" aria-label={t().close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
