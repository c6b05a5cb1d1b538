"""A market in which everything speaks for a rise, and a collector on it: `python -m tests.bulls FOLDER HISTORY [WORDS]`.

The exchange is in memory, so that a test knows what it gives; collector, repository and history are real. WORDS: how it is
to die, see `Dying`.
"""

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
    Trades,
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


class Bulls(FakeExchange):
    """Steadily up, buyers everywhere, shorts who pay; `upside_down` turns it round. Symbols in `quiet` have no mark, so
    that nothing is called on them."""

    def __init__(self, *symbols: str, venue: str = "bybit", clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(*(symbols or SYMBOLS), venue=venue, clock=clock)
        self.upside_down = False
        self.quiet: set[str] = set()
        self.lows: dict[str, float] = {}  # of the newest 1m bar, by symbol

    @property
    def _sign(self) -> float:
        return -1.0 if self.upside_down else 1.0

    async def tickers(self) -> Mapping[str, Ticker]:
        return {
            name: replace(
                ticker,
                mark=None if name in self.quiet else 100 * np.exp(5e-4 * self._sign),
                index=100.0,
                funding_rate=-5e-4 * self._sign,
            )
            for name, ticker in (await super().tickers()).items()
        }

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        made = await super().candles(instrument, timeframe, limit=limit)
        back = np.arange(len(made) - 1, -1, -1)
        close = 100 * np.exp(-self._sign * (0.002 * back + 0.001 * np.sin(back)))
        opened = close * np.exp(-0.002 * self._sign)
        high, low = np.maximum(opened, close) * 1.0005, np.minimum(opened, close) * 0.9995
        if timeframe is Timeframe.M1 and instrument.symbol in self.lows:
            low = low.copy()
            low[-1] = self.lows[instrument.symbol]
        volume = np.linspace(1000.0, 9000.0, len(made))
        return replace(made, open=opened, high=high, low=low, close=close, volume=volume)

    async def order_book(self, instrument: Instrument) -> OrderBook:
        book = await super().order_book(instrument)
        many, few = np.array((1.0, 20.0)), np.array((1.0, 1.0))
        bids, asks = (many, few) if self._sign > 0 else (few, many)
        return replace(book, bids=book.bids * bids, asks=book.asks * asks)

    async def trades(self, instrument: Instrument) -> Trades:
        made = await super().trades(instrument)
        return replace(made, side=made.side * self._sign)

    async def _series(self, kind: str, instrument: Instrument) -> TimeSeries:
        made = await super()._series(kind, instrument)
        if kind == "open_interest":
            return made
        values = np.linspace(1.0, 0.4, 100) if kind == "long_short" else -np.linspace(1e-5, 4e-4, 100)
        return replace(made, values=values**self._sign if kind == "long_short" else values * self._sign)


class NoGecko(CoinGecko):
    """CoinGecko without a network."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")

    async def dominance(self) -> Dominance:
        raise VenueUnavailable("no network")


def brisk(_: str, __: int) -> Cadence:
    """Return a cadence of several passes a second."""
    return Cadence(0.2, 0.5, 0.5)


def collector(
    exchanges: Sequence[Bulls],
    repository: SnapshotRepository,
    journal: HistoryRecorder | None,
    *,
    owner: str = "a",
    opportunities: bool = True,
) -> Collector:
    """A collector of these, several passes a second."""
    venues = [exchange.venue for exchange in exchanges]
    return Collector(
        {exchange.venue: Feed(exchange, UniverseRules(), brisk, SYSTEM_CLOCK) for exchange in exchanges},
        Failover(venues, dwell_s=1, clock=SYSTEM_CLOCK),
        repository,
        NoGecko(),
        Engine(venues, Environment.SIMULATED, opportunities=opportunities, history=journal, clock=SYSTEM_CLOCK),
        lease=Lease(repository, owner, SYSTEM_CLOCK),
        max_stale_s=600,
        clock=SYSTEM_CLOCK,
    )


class Dying(SqlHistoryWriter):
    """Makes this process die by SIGKILL just as a batch with what `word` names, signals or alerts, is about to be stored."""

    word = ""

    async def write(self, points: Any = (), signals: Any = (), opportunities: Any = ()) -> None:
        """See the port."""
        if signals and self.word == "signals":
            os.kill(os.getpid(), signal.SIGKILL)
        await super().write(points, signals, opportunities)

    async def add_alerts(self, alerts: Any, *, cooldown_s: Any) -> Any:
        """See the port."""
        if self.word == "alerts":
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().add_alerts(alerts, cooldown_s=cooldown_s)


async def main(folder: Path, history: str, dies: str = "") -> None:
    """Collect until killed. While FOLDER/quiet is there, nothing is called."""
    Dying.word = dies
    factory.SqlHistoryWriter = Dying  # type: ignore[attr-defined]  # where histories are made
    exchange = Bulls()
    quiet = folder / "quiet"
    async with history_recorder(history, ["bybit"], days=(30, 365), clock=SYSTEM_CLOCK) as journal:
        work = asyncio.create_task(
            collector([exchange], DirectoryRepository(folder / "cache"), journal, owner=str(os.getpid())).run()
        )
        while not work.done():
            exchange.quiet = set(SYMBOLS) if await asyncio.to_thread(quiet.exists) else set()
            await asyncio.sleep(0.05)
        await work


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
