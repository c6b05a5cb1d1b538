import { follow } from "./follow.js";
import { AlertLevel } from "./stubs/virtuoso/market/v1/alert_pb.js";
/** Follow alerts for ever, from `cursor` on ("0": from the first one; "": only what happens from now on). Yields with every
 * message, also those that only give a sign of life, and with every loss. */
export async function* followAlerts(market, options = {}) {
    let cursor = options.cursor ?? "";
    const { kinds = [], minLevel = AlertLevel.UNSPECIFIED } = options;
    const open = (signal) => market.watchAlerts({ cursor, kinds, minLevel }, { signal, timeoutMs: 0 });
    for await (const happened of follow(open, options)) {
        if ("lost" in happened) {
            yield { alerts: [], cursor, problem: happened.lost };
        }
        else {
            cursor = happened.message.cursor;
            yield { alerts: happened.message.alerts, cursor, problem: undefined };
        }
    }
}
