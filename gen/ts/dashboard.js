import { follow } from "./follow.js";
/** The dashboard after a message of WatchDashboard. Undefined while there is none: a change of nothing. */
export function withMessage(before, { provenance, event, resumeToken }, heardMs = Date.now()) {
    if (!provenance)
        return before;
    const heard = { provenance, heardMs, resumeToken };
    switch (event.case) {
        case "snapshot": {
            const { overview, rows, gainers, losers } = event.value;
            return { ...heard, overview, rows: new Map(rows.map((row) => [row.symbol, row])), gainers, losers };
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
            return { ...heard, overview, rows, gainers, losers };
        }
        default:
            return before && { ...before, ...heard };
    }
}
/** Follow the dashboard for ever: yields with every message and with every loss, after which it is taken up where it was.
 * `from` is what is known already, from an earlier visit for instance. Throws only what asking again cannot mend. */
export async function* followDashboard(market, options = {}) {
    let dashboard = options.from;
    yield { dashboard, connection: "connecting", problem: undefined, retryAtMs: undefined };
    const open = (signal) => market.watchDashboard({ resumeToken: dashboard?.resumeToken ?? "" }, { signal, timeoutMs: 0 });
    for await (const happened of follow(open, options)) {
        if ("lost" in happened) {
            yield { dashboard, connection: "lost", problem: happened.lost, retryAtMs: Date.now() + happened.retryInMs };
        }
        else {
            dashboard = withMessage(dashboard, happened.message);
            yield { dashboard, connection: "live", problem: undefined, retryAtMs: undefined };
        }
    }
}
