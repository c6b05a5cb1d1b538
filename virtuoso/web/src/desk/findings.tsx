import { ListAlertsResponseSchema, ListSignalsResponseSchema } from "virtuoso-market";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { AlertItem } from "../tabs/alerts/item.js";
import { SignalCard } from "../tabs/signals/card.js";
import { t } from "../texts/index.js";
import { Empty, Panel } from "../ui/index.js";
import "../styles/alerts.css";

/** The active signals and the newest alerts of the whole market. */
export function Findings() {
  return (
    <>
      <ActiveSignals />
      <NewestAlerts />
    </>
  );
}

function ActiveSignals() {
  const { reply, ...answer } = useQuery("signals:active", ListSignalsResponseSchema, (signal) =>
    market.listSignals({ active: true, pageSize: 500 }, { signal }),
  ).value;
  return (
    <Panel title={t().shell.tabs.signals} provenance={reply?.provenance} scrolls {...answer}>
      {reply?.signals.length ? (
        <ul class="cards">
          {reply.signals.map((one) => (
            <SignalCard key={one.id} signal={one} />
          ))}
        </ul>
      ) : (
        <Empty>{t().desk.noSignals}</Empty>
      )}
    </Panel>
  );
}

const SHOWN = 30;

function NewestAlerts() {
  const { reply, ...answer } = useQuery("alerts:newest", ListAlertsResponseSchema, (signal) =>
    market.listAlerts({ pageSize: SHOWN }, { signal }),
  ).value;
  return (
    <Panel title={t().shell.tabs.alerts} provenance={reply?.provenance} scrolls {...answer}>
      {reply?.alerts.length ? (
        <ul class="alerts">
          {reply.alerts.map((alert) => (
            <AlertItem key={alert.cursor} alert={alert} unseen={false} />
          ))}
        </ul>
      ) : (
        <Empty>{t().desk.noAlerts}</Empty>
      )}
    </Panel>
  );
}
