import { type Signal, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { clearDevice } from "./state/reply_store.js";
import { live } from "./state/live.js";
import {
  DENSITIES,
  LANGUAGES,
  THEMES,
  TIME_ZONES,
  density,
  introduced,
  language,
  theme,
  timeZone,
} from "./state/settings.js";
import { go } from "./state/router.js";
import { wide } from "./state/screen.js";
import { LANGUAGE_NAMES, t } from "./texts/index.js";
import { LayoutChoice, MinScore } from "./tabs/dashboard/toolbar.js";
import { Segmented, Sheet, Source } from "./ui/index.js";

/** Whether the settings are open. */
export const settingsOpen = signal(false);

/** The settings of this device, and facts about the data. */
export function Settings() {
  const close = () => {
    settingsOpen.value = false;
  };
  return (
    <Sheet open={settingsOpen.value} onClose={close} title={t().shell.settings}>
      <div class="form">
        <Choice
          name={t().settings.theme}
          options={THEMES.map((one) => [one, t().settings.themes[one]] as const)}
          chosen={theme}
        />
        <Choice
          name={t().settings.language}
          options={LANGUAGES.map((one) => [one, one === "system" ? t().settings.system : LANGUAGE_NAMES[one]] as const)}
          chosen={language}
        />
        {!t().locale.startsWith("en") && <p class="faint">{t().settings.served}</p>}
        <Choice
          name={t().settings.timeZone}
          options={TIME_ZONES.map((one) => [one, t().settings.timeZones[one]] as const)}
          chosen={timeZone}
        />
        <LayoutChoice />
        {wide.value && (
          <Choice
            name={t().settings.density}
            options={DENSITIES.map((one) => [one, t().settings.densities[one]] as const)}
            chosen={density}
          />
        )}
        <MinScore />
        <button
          type="button"
          class="button"
          onClick={() => {
            introduced.value = false;
            settingsOpen.value = false;
            go("/");
          }}
        >
          {t().introduction.again}
        </button>
        <ClearDevice />
        <About />
      </div>
    </Sheet>
  );
}

/** A setting with a few options. */
function Choice<T extends string>(props: {
  name: string;
  options: readonly (readonly [T, string])[];
  chosen: Signal<T>;
}) {
  const { name, options, chosen } = props;
  return (
    <fieldset>
      <legend>{name}</legend>
      <Segmented
        label={name}
        options={options}
        value={chosen.value}
        onChange={(option) => {
          chosen.value = option;
        }}
      />
    </fieldset>
  );
}

/** A button that deletes everything that this page stores. It asks for confirmation, because a deleted watchlist cannot be
 * restored. */
function ClearDevice() {
  const [confirming, setConfirming] = useState(false);
  return (
    <fieldset>
      <legend>{t().settings.onThisDevice}</legend>
      <p class="muted">{t().settings.stored}</p>
      <p class="actions">
        {confirming ? (
          <>
            <button type="button" class="button danger" onClick={() => void clearAndReload()}>
              {t().settings.deleteAll}
            </button>
            <button type="button" class="button" onClick={() => setConfirming(false)}>
              {t().settings.cancel}
            </button>
          </>
        ) : (
          <button type="button" class="button" onClick={() => setConfirming(true)}>
            {t().settings.deleteStored}
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
      <h3>{t().settings.about}</h3>
      {dashboard && <Source provenance={dashboard.provenance} heardMs={dashboard.heardMs} />}
      <dl class="about">
        <dt>{t().settings.server}</dt>
        <dd>{location.host}</dd>
        <dt>{t().settings.model}</dt>
        <dd>{modelVersion ?? t().settings.unknown}</dd>
        <dt>{t().settings.snapshot}</dt>
        <dd>{snapshotId ?? t().settings.none}</dd>
        <dt>{t().settings.scored}</dt>
        <dd>{coverage ? t().settings.of(coverage.present, coverage.expected) : t().settings.unknown}</dd>
        <dt>{t().settings.streamed}</dt>
        <dd>{coverage ? t().settings.of(coverage.streamed, coverage.expected) : t().settings.unknown}</dd>
      </dl>
      <p class="faint">{t().settings.caveat}</p>
    </section>
  );
}
