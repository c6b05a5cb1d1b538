import { follow } from "./follow.js";
import { AlertLevel } from "./stubs/virtuoso/market/v1/alert_pb.js";
/** Follow alerts forever, starting after `cursor`. "0" starts with the first alert, "" with the next new one. Yield after every
 * message, including heartbeats, and after every loss. */
export async function* followAlerts(market, options = {}) {
    let cursor = options.cursor ?? "";
    const { kinds = [], minLevel = AlertLevel.UNSPECIFIED } = options;
    const open = (signal) => market.watchAlerts({ cursor, kinds, minLevel }, { signal, timeoutMs: 0 });
    for await (const event of follow(open, options)) {
        if ("lost" in event) {
            yield { alerts: [], cursor, problem: event.lost };
        }
        else {
            cursor = event.message.cursor;
            yield { alerts: event.message.alerts, cursor, problem: undefined };
        }
    }
}
