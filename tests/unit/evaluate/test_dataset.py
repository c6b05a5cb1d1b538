"""The data of many symbols: which symbols are chosen, and the effect of a failure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from tests.unit.evaluate.histories import Venue, candle_history, clock, no_pause, select
from virtuoso.domain.errors import VenueTimedOut
from virtuoso.domain.model import ANCHOR, Candles, Instrument, Timeframe
from virtuoso.domain.progress import Progress
from virtuoso.evaluate.bar_cache import BarCache
from virtuoso.evaluate.dataset import Dataset, load_dataset, most_traded
from virtuoso.evaluate.replay import FEATURES

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

CLOCK = clock(400)


class Market(Venue):
    """A venue with a few symbols. Requests for bars of the symbol `down` fail."""

    def __init__(self, *bars: Candles, down: str = "") -> None:
        super().__init__(*bars, page=5000)
        self.down = down

    async def instruments(self) -> Sequence[Instrument]:
        """Return all instruments, including the one that is down."""
        names = dict.fromkeys([*(symbol for symbol, _ in self.bars), *([self.down] if self.down else [])])
        return [
            Instrument(symbol=name, venue_symbol=name, base_asset=name.removesuffix("USDT"), multiplier=1) for name in names
        ]

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Return the bars. Raise an error for the symbol that is down."""
        if instrument.symbol == self.down and timeframe is not Timeframe.H4:
            raise VenueTimedOut("no answer")
        return await super().candles(instrument, timeframe, limit=limit, before_ms=before_ms)


def symbol(name: str, seed: int, *, before: float = 1.0, since: float = 1.0) -> list[Candles]:
    """Return the bars of a symbol. Its volume is multiplied by `before` until the clock begins, and by `since` from then
    on."""
    return [
        replace(bars, volume=bars.volume * np.where(bars.open_ms + bars.timeframe.ms <= CLOCK[0], before, since))
        for bars in candle_history(name, count=15_000, seed=seed).values()
    ]


async def chosen(venue: Market, folder: Path, count: int) -> list[str]:
    bar_cache = BarCache(cast("Exchange", venue), folder, sleep=no_pause)
    instruments = await most_traded(cast("Exchange", venue), bar_cache, CLOCK, count, Progress(io.StringIO(), "evaluate"))
    return [each.symbol for each in instruments]


async def loaded(venue: Market, folder: Path, output: io.StringIO) -> Dataset | None:
    bar_cache = BarCache(cast("Exchange", venue), folder, sleep=no_pause)
    with ThreadPoolExecutor(2) as pool:
        return await load_dataset(bar_cache, await venue.instruments(), CLOCK, pool, Progress(output, "evaluate"), seed=1)


async def test_symbols_are_chosen_by_their_turnover_before_the_first_step_only(tmp_path: Path) -> None:
    young = [select(bars, bars.open_ms > CLOCK[0]) for bars in symbol("YOUNGUSDT", 5, since=1e9)]
    venue = Market(
        *symbol("RISENUSDT", 1, before=0.01, since=1e6),
        *symbol("FALLENUSDT", 2, before=100, since=1e-6),
        *symbol("EVENUSDT", 3),
        *symbol(ANCHOR, 4, before=1e-4, since=1e-4),
        *young,
    )
    assert await chosen(venue, tmp_path, 3) == [ANCHOR, "FALLENUSDT", "EVENUSDT"]
    assert await chosen(venue, tmp_path, 99) == [ANCHOR, "FALLENUSDT", "EVENUSDT", "RISENUSDT"]


async def test_a_failing_symbol_is_left_out_with_a_remark(tmp_path: Path) -> None:
    output = io.StringIO()
    dataset = await loaded(Market(*symbol("AUSDT", 1), *symbol(ANCHOR, 2), down="BUSDT"), tmp_path, output)
    assert dataset is not None
    assert dataset.panel.symbols == ("AUSDT", ANCHOR)
    assert any("1 symbols are left out: VenueTimedOut: no answer" in remark for remark in dataset.remarks)
    assert set(dataset.panel.scores) == set(FEATURES)
    assert all(values.shape == (400, 2) for values in dataset.panel.scores.values())
    assert (dataset.checked, dataset.with_look_ahead) == (2, [])
    assert dataset.anchor[Timeframe.M5].symbol == ANCHOR
    assert "symbols fetched and replayed: 3 of 3" in output.getvalue()


async def test_without_symbols_there_is_no_dataset_and_the_reason_is_printed(tmp_path: Path) -> None:
    output = io.StringIO()
    assert await loaded(Market(down="BUSDT"), tmp_path, output) is None
    assert "nothing can be evaluated: 1 symbols are left out: VenueTimedOut: no answer" in output.getvalue()


async def test_a_folder_that_cannot_be_written_raises_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        await loaded(Market(*symbol("AUSDT", 1), *symbol("BUSDT", 2)), tmp_path / "file", io.StringIO())
