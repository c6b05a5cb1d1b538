import { useId } from "preact/hooks";
import { notifying, permission, setNotifying } from "../../state/notify.js";

/** The switch for notifications on this device. */
export function NotifySwitch() {
  const id = useId();
  const allowed = permission();
  const on = notifying.value && allowed === "granted";
  const why =
    allowed === "unsupported"
      ? "This browser does not support notifications."
      : allowed === "denied"
        ? "Notifications of this page are blocked in this browser."
        : "While this page is open, this device shows alerts that match the filters.";
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
