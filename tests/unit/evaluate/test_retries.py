"""A temporary failure of an exchange changes no result: a page is requested again, and no symbol is lost without notice."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.unit.evaluate.histories import Venue, candle_history, clock
from virtuoso.domain.errors import BadData, ExchangeError, RateLimited, VenueBlocked, VenueTimedOut, VenueUnavailable
from virtuoso.domain.model import ANCHOR, Candles, Instrument, Timeframe
from virtuoso.domain.progress import Progress
from virtuoso.evaluate.bar_cache import RETRY_PAUSES_S, BarCache
from virtuoso.evaluate.dataset import most_traded

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

CLOCK = clock(400)
SYMBOLS = (ANCHOR, "AUSDT", "BUSDT", "CUSDT")
TEMPORARY = [VenueTimedOut("slow"), VenueUnavailable("down"), RateLimited("wait", until_ms=0), BadData("incomplete")]


class Failing(Venue):
    """A venue of four symbols. The first `times` requests for each page of `symbol` fail with `error`."""

    def __init__(self, error: ExchangeError, times: int, symbol: str = "") -> None:
        bars = [bars for seed, name in enumerate(SYMBOLS) for bars in candle_history(name, count=15_000, seed=seed).values()]
        super().__init__(*bars, page=5000)
        self.error, self.times, self.symbol = error, times, symbol
        self.failed = Counter[tuple[str, Timeframe]]()
        self.pauses: list[float] = []

    async def instruments(self) -> Sequence[Instrument]:
        """Return all four instruments."""
        return [
            Instrument(symbol=name, venue_symbol=name, base_asset=name.removesuffix("USDT"), multiplier=1)
            for name in SYMBOLS
        ]

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Return the bars, or raise the error in the first requests."""
        page = instrument.symbol, timeframe
        if self.symbol in ("", instrument.symbol) and self.failed[page] < self.times:
            self.failed[page] += 1
            raise self.error
        return await super().candles(instrument, timeframe, limit=limit, before_ms=before_ms)

    async def sleep(self, seconds: float) -> None:
        """Record the pause."""
        self.pauses.append(seconds)


async def chosen(venue: Failing, folder: Path, output: io.StringIO) -> list[str]:
    bar_cache = BarCache(cast("Exchange", venue), folder, sleep=venue.sleep)
    found = await most_traded(cast("Exchange", venue), bar_cache, CLOCK, 3, Progress(output, "evaluate"))
    return [each.symbol for each in found]


@pytest.mark.parametrize("error", TEMPORARY, ids=lambda e: type(e).__name__)
async def test_a_temporary_failure_does_not_change_the_chosen_symbols(tmp_path: Path, error: ExchangeError) -> None:
    expected = await chosen(Failing(error, 0), tmp_path / "expected", io.StringIO())
    venue = Failing(error, len(RETRY_PAUSES_S), expected[1])
    assert await chosen(venue, tmp_path / "failing", io.StringIO()) == expected
    assert venue.pauses == list(RETRY_PAUSES_S)


@pytest.mark.parametrize("error", [VenueTimedOut("slow"), VenueBlocked("no")], ids=lambda e: type(e).__name__)
async def test_a_lasting_failure_raises_an_error_instead_of_choosing_fewer_symbols(
    tmp_path: Path, error: ExchangeError
) -> None:
    with pytest.raises(type(error)):
        await chosen(Failing(error, 99, "AUSDT"), tmp_path, io.StringIO())


async def test_a_symbol_with_unreadable_bars_is_left_out_and_named(tmp_path: Path) -> None:
    output = io.StringIO()
    found = await chosen(Failing(BadData("no bars"), 99, "AUSDT"), tmp_path, output)
    assert sorted(found) == sorted({*SYMBOLS} - {"AUSDT"})
    assert "1 symbols cannot be ranked and are left out: AUSDT (no bars)" in output.getvalue()


async def test_a_permanent_failure_is_not_retried(tmp_path: Path) -> None:
    venue = Failing(VenueBlocked("no"), 99)
    with pytest.raises(VenueBlocked):
        await chosen(venue, tmp_path, io.StringIO())
    assert venue.pauses == []
