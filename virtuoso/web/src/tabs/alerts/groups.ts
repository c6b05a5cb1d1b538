import { type Alert, AlertKind } from "virtuoso-market";

/** The groups of alerts without a symbol: about the whole market, and about the data. */
export const MARKET = "market";
export const DATA = "data";

/** Return the alerts by symbol, or by MARKET and DATA. The group of the newest alert is first. */
export function grouped(newestFirst: readonly Alert[]): ReadonlyMap<string, readonly Alert[]> {
  const groups = new Map<string, Alert[]>();
  for (const alert of newestFirst) {
    const name = alert.symbol || (alert.kind === AlertKind.DATA_QUALITY ? DATA : MARKET);
    const group = groups.get(name);
    if (group) group.push(alert);
    else groups.set(name, [alert]);
  }
  return groups;
}
