"""The outlooks of the used venue: read beside the passes, computed once a bar, silent when a bar is late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.unit.collector.nodes import CLOCK, exchange
from tests.unit.fakes import FakeExchange
from virtuoso.collector.outlook_keeper import RETRY_S, START_S, OutlookKeeper
from virtuoso.domain.errors import VenueUnavailable
from virtuoso.domain.model import Environment, Timeframe
from virtuoso.domain.outlook import OutlookAbsence, OutlookBoard
from virtuoso.domain.plausibility import MAX_OUTLOOK_DELAY_MS
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules

H4_S = Timeframe.H4.ms / 1000


class Keeping:
    """A keeper of the outlooks of one venue, whose feed is filled."""

    def __init__(self, folder: Path, history: Any = None) -> None:
        self.venue: FakeExchange = exchange("bybit", "BTCUSDT", "ETHUSDT")
        self.feed = Feed(self.venue, UniverseRules(), lambda _, __: Cadence(3, 5, 5), CLOCK)
        self.keeper = OutlookKeeper(lambda: self.feed, folder, Environment.LIVE, history, CLOCK)

    def board(self, *, later_ms: int = 0) -> OutlookBoard:
        snapshot: Any = SimpleNamespace(
            venue="bybit",
            universe=self.feed.universe,
            stamp=SimpleNamespace(observed_ms=self.feed.observed_ms + later_ms),
            computed_ms=CLOCK.now_ms(),
        )
        return self.keeper.board(snapshot)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.feed.refresh_tickers()
        self.feed.start()
        await asyncio.sleep(2)
        await self.feed.stop()  # its data stays
        task = asyncio.create_task(self.keeper.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_nothing_is_said_before_the_bars_are_read(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    async with keeping.running():
        await asyncio.sleep(START_S - 5)
        board = keeping.board()
        assert [(each.symbol, each.absence) for each in board.outlooks] == [
            ("BTCUSDT", OutlookAbsence.BARS_UNREAD),
            ("ETHUSDT", OutlookAbsence.BARS_UNREAD),
        ]
        assert keeping.board() is board  # it is not made again in each pass


async def test_the_board_is_of_the_newest_bar_and_says_why_nothing_is_said(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    async with keeping.running():
        await asyncio.sleep(START_S + 10)
        board = keeping.board()
        assert board.bar_ms == keeping.feed.observed_ms // Timeframe.H4.ms * Timeframe.H4.ms
        assert board.absence is OutlookAbsence.TOO_FEW_SYMBOLS
        assert (tmp_path / "bybit.npz").exists()


async def test_a_late_bar_silences_the_board_until_it_comes(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    async with keeping.running():
        await asyncio.sleep(START_S + 10)
        before = keeping.board()
        assert before.bar_ms is not None
        due_ms = before.bar_ms + Timeframe.H4.ms + MAX_OUTLOOK_DELAY_MS - keeping.feed.observed_ms
        assert keeping.board(later_ms=due_ms) is before
        assert keeping.board(later_ms=due_ms + 1).absence is OutlookAbsence.BARS_LATE
        await CLOCK.sleep(H4_S)
        await keeping.feed.refresh_tickers()
        await asyncio.sleep(20)
        after = keeping.board()
        assert after.bar_ms == before.bar_ms + Timeframe.H4.ms


async def test_a_part_of_the_venue_is_not_compared(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    others = [f"C{number}USDT" for number in range(6)]
    keeping.venue.symbols += others
    async with keeping.running():
        keeping.venue.symbol_faults = {symbol: VenueUnavailable("no") for symbol in others}
        await asyncio.sleep(START_S + 20)
        assert keeping.board().absence is OutlookAbsence.BARS_UNREAD
        keeping.venue.symbol_faults.clear()
        await asyncio.sleep(RETRY_S + 20)
        assert keeping.board().bar_ms is not None
