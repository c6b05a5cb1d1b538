"""The charts of markets that are not scored, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.unit.collector.nodes import CLOCK, exchange
from tests.unit.fakes import FakeExchange
from virtuoso.collector.untracked_charts import RETRY_S, UntrackedCharts
from virtuoso.domain.errors import EmptyData, VenueUnavailable
from virtuoso.domain.model import Candles, Timeframe
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules


class Charts:
    """The charts of a venue of which one market is tracked, and all bars that were published."""

    def __init__(self, venue: FakeExchange) -> None:
        self.feed = Feed(venue, UniverseRules(symbols=("BTCUSDT",)), lambda _, __: Cadence(3, 5, 5), CLOCK)
        self.published: list[tuple[str, str, Timeframe]] = []
        self.reader = UntrackedCharts(lambda: self.feed, self._publish, CLOCK)

    async def _publish(self, venue: str, bars: Candles) -> None:
        self.published.append((venue, bars.symbol, bars.timeframe))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.feed.refresh_tickers()
        self.feed.start()
        task = asyncio.create_task(self.reader.run())
        await asyncio.sleep(2)
        await self.feed.stop()  # its data stays
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_each_market_is_read_once_for_each_bar_that_closes() -> None:
    venue = exchange("bybit", "BTCUSDT", "ETHUSDT", "HALTEDUSDT", "SOLUSDT")
    venue.symbol_faults["HALTEDUSDT"] = EmptyData("no bars")
    charts = Charts(venue)
    half_hours = [("bybit", "ETHUSDT", Timeframe.M30), ("bybit", "SOLUSDT", Timeframe.M30)]
    async with charts.running():
        await asyncio.sleep(20)
        assert charts.published == [*half_hours, *((each[0], each[1], Timeframe.H4) for each in half_hours)]
        await CLOCK.sleep(Timeframe.M30.ms / 1000 - CLOCK.now_ms() % Timeframe.M30.ms / 1000 + 6)
        await charts.feed.refresh_tickers()
        charts.published.clear()
        await asyncio.sleep(20)
        assert [one for one in charts.published if one[2] is Timeframe.M30] == half_hours


async def test_a_venue_that_fails_is_asked_again_after_a_pause() -> None:
    venue = exchange("bybit", "BTCUSDT", "ETHUSDT")
    charts = Charts(venue)
    async with charts.running():
        venue.faults["candles_30m"] = VenueUnavailable("down")
        charts.reader._read.clear()
        charts.published.clear()
        before = venue.calls["candles_30m"]
        await asyncio.sleep(10 * RETRY_S)
        assert venue.calls["candles_30m"] - before <= 11
        assert not charts.published
        del venue.faults["candles_30m"]
        await asyncio.sleep(RETRY_S + 5)
        assert ("bybit", "ETHUSDT", Timeframe.M30) in charts.published
