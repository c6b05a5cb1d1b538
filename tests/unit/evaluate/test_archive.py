"""Bars are asked for once, and what does not belong together is never joined."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from tests.unit.evaluate.pasts import END_MS, Venue, at_once, five_minutes, taken
from virtuoso.domain.errors import VenueTimedOut
from virtuoso.domain.model import Candles, Instrument, Timeframe
from virtuoso.evaluate.archive import COLUMNS, BarCache
from virtuoso.evaluate.panel import STEP_MS

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

BARS = five_minutes("XUSDT", 1000, 3)
X = Instrument(symbol="XUSDT", venue_symbol="X/USDT:USDT", base_asset="X", multiplier=1)


async def ask(venue: Venue, folder: Path, *, bars: int, end_ms: int = END_MS) -> Candles | None:
    archive = BarCache(cast("Exchange", venue), folder, sleep=at_once)
    return await archive.candles(X, Timeframe.M5, start_ms=END_MS - bars * STEP_MS, end_ms=end_ms)


def same(one: Candles | None, other: Candles) -> bool:
    return one is not None and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


async def test_pages_are_joined_to_what_the_venue_has(tmp_path: Path) -> None:
    venue = Venue(BARS, page=70)
    assert same(await ask(venue, tmp_path, bars=300), taken(BARS, slice(700, None)))
    assert [limit for _, limit, _ in venue.asked] == [300, 230, 160, 90, 20]


async def test_what_is_known_is_not_asked_for_again(tmp_path: Path) -> None:
    await ask(Venue(BARS), tmp_path, bars=300)
    again = Venue(BARS)
    assert same(await ask(again, tmp_path, bars=300), taken(BARS, slice(700, None)))
    assert same(await ask(again, tmp_path, bars=50), taken(BARS, slice(950, None)))
    assert again.asked == []


async def test_only_what_is_missing_is_asked_for_on_both_sides(tmp_path: Path) -> None:
    await ask(Venue(BARS), tmp_path, bars=300, end_ms=END_MS - 100 * STEP_MS)
    venue = Venue(BARS)
    assert same(await ask(venue, tmp_path, bars=400), taken(BARS, slice(600, None)))
    assert venue.asked == [
        (Timeframe.M5, 101, END_MS),  # the last bar that is known comes with them
        (Timeframe.M5, 1, END_MS - 100 * STEP_MS),
        (Timeframe.M5, 100, END_MS - 300 * STEP_MS),
    ]


async def test_the_venues_first_bar_is_remembered(tmp_path: Path) -> None:
    await ask(Venue(BARS, page=600), tmp_path, bars=5000)
    again = Venue(BARS)
    assert same(await ask(again, tmp_path, bars=5000), BARS)
    assert again.asked == []


async def test_bars_of_another_market_under_the_same_name_are_thrown_away(tmp_path: Path) -> None:
    await ask(Venue(BARS), tmp_path, bars=300, end_ms=END_MS - 50 * STEP_MS)
    other = five_minutes("XUSDT", 1000, 4)
    assert same(await ask(Venue(other), tmp_path, bars=300), taken(other, slice(700, None)))


async def test_bars_behind_a_gap_do_not_count(tmp_path: Path) -> None:
    gap = taken(BARS, np.arange(1000) != 900)
    for _ in range(2):
        assert same(await ask(Venue(gap, page=60), tmp_path, bars=300), taken(BARS, slice(901, None)))


async def test_a_symbol_that_ended_early_has_none(tmp_path: Path) -> None:
    assert await ask(Venue(taken(BARS, slice(0, 990))), tmp_path, bars=300) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", None])
async def test_a_file_that_cannot_be_read_is_made_anew(tmp_path: Path, content: bytes | None) -> None:
    await ask(Venue(BARS), tmp_path, bars=300)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    venue = Venue(BARS, page=1000)
    assert same(await ask(venue, tmp_path, bars=300), taken(BARS, slice(700, None)))
    assert len(venue.asked) == 1


async def test_an_error_leaves_what_was_kept(tmp_path: Path) -> None:
    await ask(Venue(BARS), tmp_path, bars=300, end_ms=END_MS - 50 * STEP_MS)

    class Down(Venue):
        async def candles(self, *_: object, **__: object) -> Candles:
            raise VenueTimedOut("no answer")

    with pytest.raises(VenueTimedOut):
        await ask(Down(BARS), tmp_path, bars=300)
    venue = Venue(replace(BARS))
    await ask(venue, tmp_path, bars=300)
    assert venue.asked[0] == (Timeframe.M5, 51, END_MS)
    assert [path.name for path in tmp_path.iterdir()] == ["XUSDT-5m.npz"]
