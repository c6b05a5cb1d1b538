"""Bars are requested once, and bars of different markets are never joined."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from tests.unit.evaluate.histories import END_MS, Venue, five_minutes, no_pause, select
from virtuoso.domain.errors import VenueTimedOut
from virtuoso.domain.model import CANDLE_COLUMNS, Candles, Instrument, Timeframe
from virtuoso.evaluate.bar_cache import BarCache
from virtuoso.evaluate.panel import STEP_MS

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

BARS = five_minutes("XUSDT", 1000, 3)
X = Instrument(symbol="XUSDT", venue_symbol="X/USDT:USDT", base_asset="X", multiplier=1)


async def request(venue: Venue, folder: Path, *, bars: int, end_ms: int = END_MS) -> Candles | None:
    bar_cache = BarCache(cast("Exchange", venue), folder, sleep=no_pause)
    return await bar_cache.candles(X, Timeframe.M5, start_ms=END_MS - bars * STEP_MS, end_ms=end_ms)


def same(one: Candles | None, other: Candles) -> bool:
    return one is not None and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in CANDLE_COLUMNS)


async def test_pages_are_joined(tmp_path: Path) -> None:
    venue = Venue(BARS, page=70)
    assert same(await request(venue, tmp_path, bars=300), select(BARS, slice(700, None)))
    assert [limit for _, limit, _ in venue.requests] == [300, 230, 160, 90, 20]


async def test_stored_bars_are_not_requested_again(tmp_path: Path) -> None:
    await request(Venue(BARS), tmp_path, bars=300)
    again = Venue(BARS)
    assert same(await request(again, tmp_path, bars=300), select(BARS, slice(700, None)))
    assert same(await request(again, tmp_path, bars=50), select(BARS, slice(950, None)))
    assert again.requests == []


async def test_only_missing_bars_are_requested_on_both_sides(tmp_path: Path) -> None:
    await request(Venue(BARS), tmp_path, bars=300, end_ms=END_MS - 100 * STEP_MS)
    venue = Venue(BARS)
    assert same(await request(venue, tmp_path, bars=400), select(BARS, slice(600, None)))
    assert venue.requests == [
        (Timeframe.M5, 101, END_MS),  # the last stored bar is requested again with the new ones
        (Timeframe.M5, 1, END_MS - 100 * STEP_MS),
        (Timeframe.M5, 100, END_MS - 300 * STEP_MS),
    ]


async def test_the_first_bar_of_the_venue_is_stored(tmp_path: Path) -> None:
    await request(Venue(BARS, page=600), tmp_path, bars=5000)
    again = Venue(BARS)
    assert same(await request(again, tmp_path, bars=5000), BARS)
    assert again.requests == []


async def test_bars_of_another_market_under_the_same_name_are_discarded(tmp_path: Path) -> None:
    await request(Venue(BARS), tmp_path, bars=300, end_ms=END_MS - 50 * STEP_MS)
    other = five_minutes("XUSDT", 1000, 4)
    assert same(await request(Venue(other), tmp_path, bars=300), select(other, slice(700, None)))


async def test_bars_before_a_gap_are_left_out(tmp_path: Path) -> None:
    gap = select(BARS, np.arange(1000) != 900)
    for _ in range(2):
        assert same(await request(Venue(gap, page=60), tmp_path, bars=300), select(BARS, slice(901, None)))


async def test_a_symbol_that_was_delisted_before_the_end_has_no_bars(tmp_path: Path) -> None:
    assert await request(Venue(select(BARS, slice(0, 990))), tmp_path, bars=300) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", None])
async def test_a_file_that_cannot_be_read_is_replaced(tmp_path: Path, content: bytes | None) -> None:
    await request(Venue(BARS), tmp_path, bars=300)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    venue = Venue(BARS, page=1000)
    assert same(await request(venue, tmp_path, bars=300), select(BARS, slice(700, None)))
    assert len(venue.requests) == 1


async def test_after_an_error_the_stored_bars_are_unchanged(tmp_path: Path) -> None:
    await request(Venue(BARS), tmp_path, bars=300, end_ms=END_MS - 50 * STEP_MS)

    class Down(Venue):
        async def candles(self, *_: object, **__: object) -> Candles:
            raise VenueTimedOut("no answer")

    with pytest.raises(VenueTimedOut):
        await request(Down(BARS), tmp_path, bars=300)
    venue = Venue(replace(BARS))
    await request(venue, tmp_path, bars=300)
    assert venue.requests[0] == (Timeframe.M5, 51, END_MS)
    assert [path.name for path in tmp_path.iterdir()] == ["XUSDT-5m.npz"]
