import { useId } from "preact/hooks";
import { t } from "../../texts/index.js";
import { notifying, permission, setNotifying } from "../../state/notify.js";

/** The switch for notifications on this device. */
export function NotifySwitch() {
  const id = useId();
  const allowed = permission();
  const on = notifying.value && allowed === "granted";
  const words = t().alerts;
  const why = allowed === "unsupported" ? words.unsupported : allowed === "denied" ? words.blocked : words.whileOpen;
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
        {words.notifications(on)}
      </button>
      <p class="faint" id={id}>
        {why}
      </p>
    </div>
  );
}
