"""A bullish market and a collector for it: `python -m tests.bullish_market FOLDER HISTORY [signals|alerts]`.

The exchange is in memory, so that a test knows its data. Collector, repository and history are real. With a third argument
the process kills itself (see KilledWriter)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.unit.fakes import FakeExchange
from virtuoso.analysis.signal_rules import SignalRules
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.history_recorder import HistoryRecorder, history_recorder
from virtuoso.collector.lease import Lease
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import VenueUnavailable
from virtuoso.domain.model import (
    Candles,
    Dominance,
    Environment,
    Instrument,
    OrderBook,
    Ticker,
    Timeframe,
    TimeSeries,
)
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.venues import Cadence
from virtuoso.history import factory
from virtuoso.history.sql_writer import SqlHistoryWriter
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules
from virtuoso.repository.directory import DirectoryRepository

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
AT_ONCE = SignalRules(stand_ms=0, settle_ms=0, calls_per_hour=100, min_confidence=0.0)
"""Rules by which every score beyond a threshold opens a signal at once."""


class BullishExchange(FakeExchange):
    """A venue where prices rise steadily, takers buy and shorts pay funding. Symbols in `quiet` get no signal."""

    def __init__(self, *symbols: str, venue: str = "bybit", clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(*(symbols or SYMBOLS), venue=venue, clock=clock)
        self.quiet: set[str] = set()

    async def tickers(self) -> Mapping[str, Ticker]:
        return {
            name: replace(
                ticker,
                mark=None if name in self.quiet else 100 * np.exp(5e-4),  # without a mark price there is no signal
                index=100.0,
                funding_rate=-5e-4,
            )
            for name, ticker in (await super().tickers()).items()
        }

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        candles = await super().candles(instrument, timeframe, limit=limit)
        bars_ago = np.arange(len(candles) - 1, -1, -1)
        close = 100 * np.exp(-(0.002 * bars_ago + 0.001 * np.sin(bars_ago)))
        open_ = close * np.exp(-0.002)
        high, low = np.maximum(open_, close) * 1.0005, np.minimum(open_, close) * 0.9995
        volume = np.linspace(1000.0, 9000.0, len(candles))
        return replace(candles, open=open_, high=high, low=low, close=close, volume=volume)

    async def order_book(self, instrument: Instrument) -> OrderBook:
        book = await super().order_book(instrument)
        return replace(book, bids=book.bids * np.array((1.0, 20.0)))

    async def _series(self, kind: str, instrument: Instrument) -> TimeSeries:
        series = await super()._series(kind, instrument)
        if kind == "open_interest":
            return series
        values = np.linspace(1.0, 0.4, 100) if kind == "long_short" else -np.linspace(1e-5, 4e-4, 100)
        return replace(series, values=values)


class OfflineCoinGecko(CoinGecko):
    """CoinGecko without a network."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")

    async def dominance(self) -> Dominance:
        raise VenueUnavailable("no network")


def brisk(_: str, __: int) -> Cadence:
    """Return a cadence of several passes a second."""
    return Cadence(0.2, 0.5, 0.5)


def collector(
    exchanges: Sequence[BullishExchange],
    repository: SnapshotRepository,
    history: HistoryRecorder | None,
    *,
    owner: str = "a",
    opportunities: bool = True,
) -> Collector:
    """Return a collector of these exchanges that makes several passes a second."""
    venues = [exchange.venue for exchange in exchanges]
    return Collector(
        {exchange.venue: Feed(exchange, UniverseRules(), brisk, SYSTEM_CLOCK) for exchange in exchanges},
        Failover(venues, dwell_s=1, clock=SYSTEM_CLOCK),
        repository,
        OfflineCoinGecko(),
        Engine(
            venues,
            Environment.SIMULATED,
            opportunities=opportunities,
            signal_rules=AT_ONCE,
            history=history,
            clock=SYSTEM_CLOCK,
        ),
        lease=Lease(repository, owner, SYSTEM_CLOCK),
        max_stale_s=600,
        clock=SYSTEM_CLOCK,
    )


class KilledWriter(SqlHistoryWriter):
    """A writer that kills its process just before it stores signals or alerts, whichever `kill_before` names."""

    kill_before = ""

    async def write(self, points: Any = (), signals: Any = (), opportunities: Any = ()) -> None:
        """See the port."""
        if signals and self.kill_before == "signals":
            os.kill(os.getpid(), signal.SIGKILL)
        await super().write(points, signals, opportunities)

    async def add_alerts(self, alerts: Any, *, cooldown_s: Any) -> Any:
        """See the port."""
        if self.kill_before == "alerts":
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().add_alerts(alerts, cooldown_s=cooldown_s)


async def main(folder: Path, history_url: str, kill_before: str = "") -> None:
    """Collect until the process is killed. While FOLDER/quiet exists, no signal opens."""
    KilledWriter.kill_before = kill_before
    factory.SqlHistoryWriter = KilledWriter  # type: ignore[attr-defined]  # the factory creates writers by this name
    exchange = BullishExchange()
    quiet = folder / "quiet"
    async with history_recorder(history_url, ["bybit"], days=(30, 365), clock=SYSTEM_CLOCK) as history:
        work = asyncio.create_task(
            collector([exchange], DirectoryRepository(folder / "cache"), history, owner=str(os.getpid())).run()
        )
        while not work.done():
            exchange.quiet = set(SYMBOLS) if await asyncio.to_thread(quiet.exists) else set()
            await asyncio.sleep(0.05)
        await work


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
