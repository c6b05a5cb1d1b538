import { useId } from "preact/hooks";
import { notifying, permission, setNotifying } from "../../state/notify.js";

/** Switches notifications of this device on and off. */
export function NotifySwitch() {
  const id = useId();
  const allowed = permission();
  const on = notifying.value && allowed === "granted";
  const why =
    allowed === "unsupported"
      ? "This browser has no notifications."
      : allowed === "denied"
        ? "This browser was told not to show notifications of this page."
        : "While this page is open, this device shows what the filters let through.";
  return (
    <div class="notify">
      <button
        type="button"
        class="button"
        role="switch"
        aria-checked={on}
        aria-describedby={id}
        disabled={allowed === "unsupported" || allowed === "denied"}
        onClick={() => void setNotifying(!on)}
      >
        <span class="knob" aria-hidden="true" />
        Notifications {on ? "on" : "off"}
      </button>
      <p class="faint" id={id}>
        {why}
      </p>
    </div>
  );
}
