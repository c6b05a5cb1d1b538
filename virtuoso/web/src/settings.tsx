import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { forget } from "./state/archive.js";
import { live } from "./state/live.js";
import { THEMES, type Theme, theme } from "./state/settings.js";
import { DensityChoice, MinScore } from "./tabs/dashboard/toolbar.js";
import { Segmented, Sheet, Source } from "./ui/index.js";

/** Whether the settings are shown. */
export const settingsOpen = signal(false);

const THEME_NAMES: Record<Theme, string> = { system: "As the device", dark: "Dark", light: "Light" };

/** What this device remembers, and what the page shows. */
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
        <Forget />
        <About />
      </div>
    </Sheet>
  );
}

/** Everything that this page keeps is on this device. Asks once more, since a watchlist does not come back. */
function Forget() {
  const [asked, setAsked] = useState(false);
  return (
    <fieldset>
      <legend>On this device</legend>
      <p class="muted">Settings, watchlist and the last data are kept here and nowhere else.</p>
      <p class="actions">
        {asked ? (
          <>
            <button type="button" class="button danger" onClick={() => void forgetAll()}>
              Yes, clear all of it
            </button>
            <button type="button" class="button" onClick={() => setAsked(false)}>
              Keep it
            </button>
          </>
        ) : (
          <button type="button" class="button" onClick={() => setAsked(true)}>
            Clear
          </button>
        )}
      </p>
    </fieldset>
  );
}

async function forgetAll(): Promise<void> {
  await forget();
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
        <dt>Model of the scores</dt>
        <dd>{modelVersion ?? "not known yet"}</dd>
        <dt>Snapshot</dt>
        <dd>{snapshotId ?? "none yet"}</dd>
        <dt>Scored symbols</dt>
        <dd>{coverage ? `${coverage.present} of ${coverage.expected}` : "not known yet"}</dd>
      </dl>
      <p class="faint">
        Scores describe the market; they do not forecast it. A number that was not measured is shown as –.
      </p>
    </section>
  );
}
