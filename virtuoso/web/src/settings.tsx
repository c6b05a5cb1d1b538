import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { clearDevice } from "./state/reply_store.js";
import { live } from "./state/live.js";
import { THEMES, type Theme, theme } from "./state/settings.js";
import { DensityChoice, MinScore } from "./tabs/dashboard/toolbar.js";
import { Segmented, Sheet, Source } from "./ui/index.js";

/** Whether the settings are open. */
export const settingsOpen = signal(false);

const THEME_NAMES: Record<Theme, string> = { system: "System", dark: "Dark", light: "Light" };

/** The settings of this device, and facts about the data. */
export function Settings() {
  const close = () => {
    settingsOpen.value = false;
  };
  return (
    <Sheet open={settingsOpen.value} onClose={close} title="Settings">
      <div class="form">
        <fieldset>
          <legend>Theme</legend>
          <Segmented
            label="Theme"
            options={THEMES.map((one) => [one, THEME_NAMES[one]] as const)}
            value={theme.value}
            onChange={(chosen) => {
              theme.value = chosen;
            }}
          />
        </fieldset>
        <DensityChoice />
        <MinScore />
        <ClearDevice />
        <About />
      </div>
    </Sheet>
  );
}

/** A button that deletes everything that this page stores. It asks for confirmation, because a deleted watchlist cannot be
 * restored. */
function ClearDevice() {
  const [confirming, setConfirming] = useState(false);
  return (
    <fieldset>
      <legend>On this device</legend>
      <p class="muted">This device alone stores your settings, your watchlist and the last data.</p>
      <p class="actions">
        {confirming ? (
          <>
            <button type="button" class="button danger" onClick={() => void clearAndReload()}>
              Yes, delete everything
            </button>
            <button type="button" class="button" onClick={() => setConfirming(false)}>
              Cancel
            </button>
          </>
        ) : (
          <button type="button" class="button" onClick={() => setConfirming(true)}>
            Delete stored data
          </button>
        )}
      </p>
    </fieldset>
  );
}

async function clearAndReload(): Promise<void> {
  await clearDevice();
  location.assign("/");
}

function About() {
  const { dashboard } = live.value;
  const { modelVersion, snapshotId, coverage } = dashboard?.provenance ?? {};
  return (
    <section>
      <h3>About the data</h3>
      {dashboard && <Source provenance={dashboard.provenance} heardMs={dashboard.heardMs} />}
      <dl class="about">
        <dt>Server</dt>
        <dd>{location.host}</dd>
        <dt>Score model</dt>
        <dd>{modelVersion ?? "not known yet"}</dd>
        <dt>Snapshot</dt>
        <dd>{snapshotId ?? "none yet"}</dd>
        <dt>Symbols with a score</dt>
        <dd>{coverage ? `${coverage.present} of ${coverage.expected}` : "not known yet"}</dd>
        <dt>Symbols with a streamed order book and streamed trades</dt>
        <dd>{coverage ? `${coverage.streamed} of ${coverage.expected}` : "not known yet"}</dd>
      </dl>
      <p class="faint">
        Scores describe the market. They are not a forecast. A number that was not measured is shown as –.
      </p>
    </section>
  );
}
