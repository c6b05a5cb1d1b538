import type { Alert } from "virtuoso-market";
import { isNew } from "../../state/alerts.js";
import { t } from "../../texts/index.js";
import { SymbolLink } from "../../ui/index.js";
import { DATA, MARKET } from "./groups.js";
import { AlertItem } from "./item.js";

const SHOWN = 3;

/** The alerts of one symbol, of the whole market, or about the data, newest first. Earlier ones are shown on a tap. */
export function AlertGroup({ name, alerts }: { name: string; alerts: readonly Alert[] }) {
  const earlier = alerts.slice(SHOWN);
  const words = t().alertGroups;
  return (
    <li class="alert-group">
      <h3>{name === MARKET ? words.market : name === DATA ? words.data : <SymbolLink symbol={name} />}</h3>
      <Items alerts={alerts.slice(0, SHOWN)} />
      {earlier.length > 0 && (
        <details>
          <summary>{words.earlier(earlier.length, earlier.filter(isNew).length)}</summary>
          <Items alerts={earlier} />
        </details>
      )}
    </li>
  );
}

function Items({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <ul>
      {alerts.map((alert) => (
        <AlertItem key={alert.cursor} alert={alert} unseen={isNew(alert)} />
      ))}
    </ul>
  );
}
