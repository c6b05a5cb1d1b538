"""Many symbols at once: which are chosen, and what becomes of those that fail."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from tests.unit.evaluate.pasts import Venue, at_once, clock, past, taken
from virtuoso.domain.errors import VenueTimedOut
from virtuoso.domain.model import ANCHOR, Candles, Instrument, Timeframe
from virtuoso.evaluate.archive import BarCache
from virtuoso.evaluate.gathering import Gathered, gather, most_traded
from virtuoso.evaluate.progress import Progress
from virtuoso.evaluate.replay import NAMES

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

CLOCK = clock(400)


class Market(Venue):
    """A venue with a few symbols; `down`: one whose bars cannot be had."""

    def __init__(self, *bars: Candles, down: str = "") -> None:
        super().__init__(*bars, page=5000)
        self.down = down

    async def instruments(self) -> Sequence[Instrument]:
        """All, the down one too."""
        names = dict.fromkeys([*(symbol for symbol, _ in self.bars), *([self.down] if self.down else [])])
        return [
            Instrument(symbol=name, venue_symbol=name, base_asset=name.removesuffix("USDT"), multiplier=1) for name in names
        ]

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Unless it is down."""
        if instrument.symbol == self.down and timeframe is not Timeframe.H4:
            raise VenueTimedOut("no answer")
        return await super().candles(instrument, timeframe, limit=limit, before_ms=before_ms)


def symbol(name: str, seed: int, *, before: float = 1.0, since: float = 1.0) -> list[Candles]:
    """Its bars, with that much volume before the clock begins and since."""
    return [
        replace(bars, volume=bars.volume * np.where(bars.open_ms + bars.timeframe.ms <= CLOCK[0], before, since))
        for bars in past(name, count=15_000, seed=seed).values()
    ]


async def chosen(venue: Market, folder: Path, count: int) -> list[str]:
    archive = BarCache(cast("Exchange", venue), folder, sleep=at_once)
    found = await most_traded(cast("Exchange", venue), archive, CLOCK, count, Progress(io.StringIO()))
    return [each.symbol for each in found]


async def gathered(venue: Market, folder: Path, said: io.StringIO) -> Gathered | None:
    archive = BarCache(cast("Exchange", venue), folder, sleep=at_once)
    with ThreadPoolExecutor(2) as pool:
        return await gather(archive, await venue.instruments(), CLOCK, pool, Progress(said), seed=1)


async def test_symbols_are_chosen_by_what_they_had_traded_before_not_by_what_they_trade_since(tmp_path: Path) -> None:
    young = [taken(bars, bars.open_ms > CLOCK[0]) for bars in symbol("YOUNGUSDT", 5, since=1e9)]
    venue = Market(
        *symbol("RISENUSDT", 1, before=0.01, since=1e6),
        *symbol("FALLENUSDT", 2, before=100, since=1e-6),
        *symbol("EVENUSDT", 3),
        *symbol(ANCHOR, 4, before=1e-4, since=1e-4),
        *young,
    )
    assert await chosen(venue, tmp_path, 3) == [ANCHOR, "FALLENUSDT", "EVENUSDT"]
    assert await chosen(venue, tmp_path, 99) == [ANCHOR, "FALLENUSDT", "EVENUSDT", "RISENUSDT"]


async def test_a_symbol_that_fails_costs_itself_and_is_told_of(tmp_path: Path) -> None:
    said = io.StringIO()
    made = await gathered(Market(*symbol("AUSDT", 1), *symbol(ANCHOR, 2), down="BUSDT"), tmp_path, said)
    assert made is not None
    assert made.panel.symbols == ("AUSDT", ANCHOR)
    assert any("1 symbols are left out: VenueTimedOut: no answer" in remark for remark in made.remarks)
    assert set(made.panel.scores) == set(NAMES)
    assert all(values.shape == (400, 2) for values in made.panel.scores.values())
    assert (made.proved, made.foreseeing) == (2, [])
    assert made.anchor[Timeframe.M5].symbol == ANCHOR
    assert "symbols fetched and replayed: 3 of 3" in said.getvalue()


async def test_of_nothing_comes_nothing_and_it_is_said_why(tmp_path: Path) -> None:
    said = io.StringIO()
    assert await gathered(Market(down="BUSDT"), tmp_path, said) is None
    assert "nothing can be judged: 1 symbols are left out: VenueTimedOut: no answer" in said.getvalue()


async def test_a_folder_that_cannot_be_written_ends_it_with_that_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        await gathered(Market(*symbol("AUSDT", 1), *symbol("BUSDT", 2)), tmp_path / "file", io.StringIO())
