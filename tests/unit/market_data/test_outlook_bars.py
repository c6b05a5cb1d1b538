"""The bars for outlooks: read one by one, kept in a file, and only the new ones read again. In virtual time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.clocks import VirtualClock
from tests.unit.fakes import FakeExchange
from virtuoso.domain.errors import BadData, VenueUnavailable
from virtuoso.domain.model import Timeframe
from virtuoso.market_data import outlook_bars
from virtuoso.market_data.outlook_bars import FIRST_BARS, MAX_FAILURES, PAUSE_S, OutlookBars

SYMBOLS = ("ETHUSDT", "BTCUSDT", "SOLUSDT", "XRPUSDT")
H4 = "candles_4h"
TRACKED = frozenset({"XRPUSDT"})


class Venue:
    """A venue with bars, and the reader of them. `path` is the file."""

    def __init__(self, path: Path | None = None) -> None:
        self.clock = VirtualClock()
        self.exchange = FakeExchange(*SYMBOLS, clock=self.clock)
        self.bars = OutlookBars(self.exchange, path, self.clock)

    async def read(self) -> bool:
        turnover = {symbol: 1e9 / (rank + 1) for rank, symbol in enumerate(SYMBOLS)}
        return await self.bars.read_round(await self.exchange.instruments(), TRACKED, turnover, self.clock.now_ms())


async def test_a_first_round_reads_1000_bars_with_a_pause_after_each_request() -> None:
    venue = Venue()
    began = venue.clock.monotonic()
    assert await venue.read()
    assert {symbol: len(bars) for symbol, bars in venue.bars.candles.items()} == dict.fromkeys(SYMBOLS, FIRST_BARS)
    assert venue.clock.monotonic() - began >= len(SYMBOLS) * PAUSE_S
    assert not venue.bars.unread


async def test_a_later_round_reads_only_the_new_bars() -> None:
    venue = Venue()
    await venue.read()
    assert await venue.read()
    assert venue.exchange.calls[H4] == len(SYMBOLS)
    await venue.clock.sleep(Timeframe.H4.ms / 1000)
    assert await venue.read()
    assert (venue.exchange.calls[H4], venue.exchange.last_limit[H4]) == (2 * len(SYMBOLS), 2)
    assert len(venue.bars.candles["ETHUSDT"]) == FIRST_BARS + 1


async def test_a_venue_with_short_pages_is_read_page_by_page() -> None:
    venue = Venue()
    venue.exchange.run = 300
    await venue.read()
    bars = venue.bars.candles["ETHUSDT"]
    assert len(bars) >= FIRST_BARS
    assert bars.run_start() == 0


async def test_a_restart_reads_the_file_and_no_bars(tmp_path: Path) -> None:
    before, after = Venue(tmp_path / "bybit.npz"), Venue(tmp_path / "bybit.npz")
    await before.read()
    await after.bars.load()
    await after.read()
    assert after.exchange.calls[H4] == 0
    for symbol, bars in before.bars.candles.items():
        assert np.array_equal(after.bars.candles[symbol].close, bars.close)


async def test_a_damaged_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "bybit.npz").write_bytes(b"PK damaged")
    venue = Venue(tmp_path / "bybit.npz")
    await venue.bars.load()
    assert venue.bars.candles == {}


async def test_a_symbol_that_fails_is_named_and_the_others_are_read() -> None:
    venue = Venue()
    venue.exchange.symbol_faults["SOLUSDT"] = BadData("no")
    assert await venue.read()
    assert venue.bars.unread == {"SOLUSDT"}
    assert len(venue.bars.candles) == len(SYMBOLS) - 1


async def test_a_venue_that_fails_ends_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue()
    monkeypatch.setattr(outlook_bars, "MAX_FAILURES", 2)
    venue.exchange.faults[H4] = VenueUnavailable("no")
    assert not await venue.read()
    assert venue.exchange.calls[H4] == 2 < MAX_FAILURES
    assert venue.bars.unread == set(SYMBOLS)


async def test_tracked_symbols_and_btc_come_first_and_the_number_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue()
    monkeypatch.setattr(outlook_bars, "CANDIDATES", 3)
    await venue.read()
    assert list(venue.bars.candles) == ["BTCUSDT", "XRPUSDT", "ETHUSDT"]
