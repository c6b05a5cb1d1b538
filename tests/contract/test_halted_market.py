"""A market that is halted for 2 hours, through the real ccxt client and the feed: flat bars without volume, an old list of
trades, a ticker that stands still. "myokx" has no entry in the table of venues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.test_exchange_times import HOUR, NOW, AlteredVenue, altered_venue, market  # noqa: F401  two are fixtures
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import Confluence
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import JOB_ORDER, Feed
from virtuoso.market_data.schedule import Job
from virtuoso.market_data.universe import UniverseRules

KLINES = ("/v5/market/kline", "/fapi/v1/klines", "/api/v5/market/candles", "/api/v5/market/history-candles")
TRADES = ("/v5/market/recent-trade", "/fapi/v1/trades", "/api/v5/market/trades")
SINCE = NOW - 2 * HOUR


def halt(altered_venue: AlteredVenue) -> None:  # noqa: F811
    """Let ETH stand still since two hours ago. BTC trades on."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if "ETH" not in str(query.get("symbol", query.get("instId", ""))):
            return body
        if path in KLINES:
            rows: list[Any] = list(altered_venue.rows(body))
            last = next((r[4] for r in sorted(rows, reverse=True) if int(r[0]) < SINCE), rows[0][4])
            for row in rows:
                if int(row[0]) >= SINCE - SINCE % 60_000:
                    for cell in range(1, len(row)):
                        if not (altered_venue.venue == "binance" and cell == 6):  # the close time
                            row[cell] = last if cell < 5 else type(row[cell])(0)
        if path in TRADES:
            rows = list(altered_venue.rows(body))
            name = next(n for n in ("time", "ts") if n in rows[0])
            newest = max(int(row[name]) for row in rows)
            for row in rows:
                row[name] = type(row[name])(int(row[name]) - newest + SINCE)
        return body

    altered_venue.proxy.alter = alter


async def scores(altered_venue: AlteredVenue) -> dict[str, Confluence]:  # noqa: F811
    rules = UniverseRules(symbols=("BTCUSDT", "ETHUSDT"))
    feed = Feed(altered_venue.exchange, rules, cadence, altered_venue.clock)
    await feed.refresh_tickers()
    for kind, timeframe in JOB_ORDER:
        for item in feed.universe:
            await feed.read(Job(item.symbol, kind, timeframe), 400)
    market_data = feed.market()
    return {item.symbol: score_symbol(item, market_data.stamp.observed_ms) for item in market_data.inputs}


async def test_a_halted_market_has_no_score_and_says_since_when(altered_venue: AlteredVenue) -> None:  # noqa: F811
    assert not any(result.halt_reason for result in (await scores(altered_venue)).values())
    halt(altered_venue)
    altered_venue.clock.advance(3)
    results = await scores(altered_venue)
    assert results["BTCUSDT"].score is not None
    halted = results["ETHUSDT"]
    assert halted.score is None
    assert halted.halt_reason == "no trade since 13:08 UTC"
    assert {c.missing for d in halted.dimensions for c in d.components} == {halted.halt_reason}
    assert pytest.approx(0) == halted.coverage
