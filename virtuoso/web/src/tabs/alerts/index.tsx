import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Alert, AlertKind, AlertLevel, ListAlertsResponseSchema } from "virtuoso-market";
import {
  alertsLost,
  isNew,
  kinds,
  markOpened,
  markSeen,
  minLevel,
  passes,
  recent,
  unread,
} from "../../state/alerts.js";
import { market } from "../../state/market.js";
import { visible } from "../../state/screen.js";
import { usePages } from "../../state/pages.js";
import { Empty, Panel, Segmented } from "../../ui/index.js";
import { ALERTS, named } from "../../words.js";
import { Choices } from "../choices.js";
import { Older } from "../older.js";
import { AlertItem } from "./item.js";
import { NotifySwitch } from "./notify.js";
import "../../styles/lists.css";
import "../../styles/alerts.css";

const KINDS = named(AlertKind, ALERTS);
const AT_LEAST: Partial<Record<AlertLevel, string>> = {
  [AlertLevel.INFO]: "All levels",
  [AlertLevel.WARNING]: "Warnings",
  [AlertLevel.CRITICAL]: "Critical",
};

/** Alerts as they come, on top of those that lie back. */
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
  const news = recent.value.filter(passes);
  useMarkSeen();
  const listed = union(news, pages.items);
  const { reply, heardMs, problem, waiting } = pages.answer;
  return (
    <div class="list-page alerts-page">
      <h1 class="said">Alerts</h1>
      <div class="filters">
        <Segmented
          label="How urgent at least"
          options={named(AlertLevel, AT_LEAST)}
          value={minLevel.value}
          onChange={(value) => {
            minLevel.value = value;
          }}
        />
      </div>
      <Choices label="Kinds of alerts" options={KINDS} chosen={kinds} />
      <Panel
        title="Alerts"
        provenance={reply?.provenance}
        heardMs={heardMs}
        problem={problem ?? alertsLost.value}
        waiting={waiting}
      >
        {listed.length ? (
          <ul class="alerts">
            {listed.map((alert) => (
              <AlertItem key={alert.cursor} alert={alert} unseen={isNew(alert)} />
            ))}
          </ul>
        ) : (
          <Empty>
            {kinds.value.length || minLevel.value > AlertLevel.INFO
              ? "There is no alert that these filters let through."
              : "There has been no alert yet."}
          </Empty>
        )}
        <Older pages={pages} what="alerts" />
      </Panel>
      <NotifySwitch />
    </div>
  );
}

/** Alerts that were new when this page was opened stay marked on it, though looking at them makes them seen. */
function useMarkSeen(): void {
  useEffect(markOpened, []);
  useSignalEffect(() => {
    if (unread.value > 0 && visible.value) markSeen();
  });
}

/** Both lists, newest first, each alert once. */
function union(news: readonly Alert[], listed: readonly Alert[]): Alert[] {
  const known = new Set(listed.map(({ cursor }) => cursor));
  const all = [...news.filter(({ cursor }) => !known.has(cursor)), ...listed];
  return all.sort((a, b) => Number(b.cursor) - Number(a.cursor));
}
