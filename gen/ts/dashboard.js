import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { follow } from "./follow.js";
/** Return the dashboard after a message of WatchDashboard. Return undefined before the first snapshot. */
export function withMessage(before, { provenance, event, resumeToken }, heardMs = Date.now()) {
    if (!provenance)
        return before;
    const received = { provenance, heardMs, resumeToken };
    switch (event.case) {
        case "snapshot": {
            const { overview, rows, gainers, losers } = event.value;
            return { ...received, overview, rows: new Map(rows.map((row) => [row.symbol, row])), gainers, losers };
        }
        case "delta": {
            if (!before)
                return undefined;
            const { overview = before.overview, changedRows, removedSymbols, gainers, losers } = event.value;
            const rows = new Map(before.rows);
            for (const symbol of removedSymbols)
                rows.delete(symbol);
            for (const row of changedRows)
                rows.set(row.symbol, row);
            return { ...received, overview, rows, gainers, losers };
        }
        default:
            return before && { ...before, ...received };
    }
}
/** Follow the dashboard forever. Yield after every message and every loss. A lost stream is resumed where it broke. Throw
 * only an error that a retry cannot fix. */
export async function* followDashboard(market, options = {}) {
    let dashboard = options.from;
    const { minIntervalMs, symbols = [] } = options;
    const wanted = {
        symbols: [...symbols],
        ...(minIntervalMs !== undefined && { minInterval: durationFromMs(minIntervalMs) }),
    };
    yield { dashboard, connection: "connecting", problem: undefined, retryAtMs: undefined };
    const open = (signal) => market.watchDashboard({ resumeToken: dashboard?.resumeToken ?? "", ...wanted }, { signal, timeoutMs: 0 });
    for await (const event of follow(open, options)) {
        if ("lost" in event) {
            yield { dashboard, connection: "lost", problem: event.lost, retryAtMs: Date.now() + event.retryInMs };
        }
        else {
            dashboard = withMessage(dashboard, event.message);
            yield { dashboard, connection: "live", problem: undefined, retryAtMs: undefined };
        }
    }
}
