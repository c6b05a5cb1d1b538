import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Alert, AlertKind, AlertLevel, ListAlertsResponseSchema } from "virtuoso-market";
import {
  alertsProblem,
  kinds,
  markOpened,
  markSeen,
  minLevel,
  passesFilters,
  recent,
  unread,
} from "../../state/alerts.js";
import { market } from "../../state/market.js";
import { visible } from "../../state/screen.js";
import { usePages } from "../../state/pages.js";
import { Empty, Panel, Segmented, Terms } from "../../ui/index.js";
import { t, withNames } from "../../texts/index.js";
import { Choices } from "../choices.js";
import { OlderButton } from "../older.js";
import { AlertGroup } from "./group.js";
import { grouped } from "./groups.js";
import { NotifySwitch } from "./notify.js";
import "../../styles/lists.css";
import "../../styles/alerts.css";

const kindOptions = () => withNames(AlertKind, t().alertKinds);

/** All alerts by symbol, newest first. New alerts appear when they arrive. */
export default function Alerts() {
  const pages = usePages(
    `alerts:${minLevel.value}:${[...kinds.value].sort().join()}`,
    ListAlertsResponseSchema,
    {
      call: (pageToken, signal) =>
        market.listAlerts({ kinds: [...kinds.value], minLevel: minLevel.value, pageSize: 50, pageToken }, { signal }),
      items: ({ alerts }) => alerts,
      next: ({ nextPageToken }) => nextPageToken,
      id: ({ cursor }) => cursor,
      rank: ({ cursor }) => Number(cursor),
    },
    30_000,
  );
  const words = t().alerts;
  const arrived = recent.value.filter(passesFilters);
  useMarkSeen();
  const listed = merged(arrived, pages.items);
  const { reply, heardMs, problem, waiting } = pages.answer;
  return (
    <div class="list-page alerts-page">
      <h1 class="visually-hidden">{words.title}</h1>
      <Terms of={["r", "regime", "funding", "openInterest", "liquidation"]} />
      <NotifySwitch />
      <div class="filters">
        <Segmented
          label={words.minimumLevel}
          options={withNames(AlertLevel, words.levels)}
          value={minLevel.value}
          onChange={(value) => {
            minLevel.value = value;
          }}
        />
      </div>
      <Choices label={words.kinds} options={kindOptions()} chosen={kinds} />
      <Panel
        title={words.title}
        provenance={reply?.provenance}
        heardMs={heardMs}
        problem={problem ?? alertsProblem.value}
        waiting={waiting}
      >
        {listed.length ? (
          <ul class="alerts">
            {[...grouped(listed)].map(([name, alerts]) => (
              <AlertGroup key={name} name={name} alerts={alerts} />
            ))}
          </ul>
        ) : (
          <Empty>{kinds.value.length || minLevel.value > AlertLevel.INFO ? words.noMatch : words.none}</Empty>
        )}
        <OlderButton pages={pages} words={[t().lists.olderAlerts, t().lists.loadingOlderAlerts]} />
      </Panel>
    </div>
  );
}

/** Mark alerts as seen while the page is visible. Alerts that were new when the page was opened keep their mark as new. */
function useMarkSeen(): void {
  useEffect(markOpened, []);
  useSignalEffect(() => {
    if (unread.value > 0 && visible.value) markSeen();
  });
}

/** Return the alerts of both lists without duplicates, newest first. */
function merged(arrived: readonly Alert[], listed: readonly Alert[]): Alert[] {
  const known = new Set(listed.map(({ cursor }) => cursor));
  const all = [...arrived.filter(({ cursor }) => !known.has(cursor)), ...listed];
  return all.sort((a, b) => Number(b.cursor) - Number(a.cursor));
}
