"""Past bars of an exchange, requested page by page and stored in a folder, with one file for each symbol and timeframe.

A file holds one run of bars without a gap. Earlier or later bars are requested when they are needed. Later bars must begin
with the last stored bar. A different bar means another market under the same name. The stored bars are then discarded.
"""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.errors import BadData, EmptyData, RateLimited, VenueTimedOut, VenueUnavailable
from virtuoso.domain.files import replace_file
from virtuoso.domain.model import CANDLE_COLUMNS, Candles, Instrument, Stamp, Timeframe
from virtuoso.exchange.candles import in_one_scale

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

PAGE_BARS = 1000
"""The number of bars in one request. An exchange returns fewer if its own limit is lower."""
TRANSIENT_ERRORS = (RateLimited, VenueTimedOut, VenueUnavailable, BadData)
RETRY_PAUSES_S = (1.0, 4.0, 15.0)
"""The pauses before a page is requested again. A rate limit of Bybit ends within their sum."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CachedBars:
    """A run of bars. `complete` is True if the venue has no earlier bars, or only bars before a gap."""

    candles: Candles
    complete: bool


class BarCache:
    """Bars of one exchange, stored in `folder`. The folder must belong to one venue and environment. `sleep` is called
    before a page is requested again."""

    def __init__(
        self, exchange: Exchange, folder: Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._exchange = exchange
        self._folder = folder
        self._sleep = sleep

    async def candles(self, instrument: Instrument, timeframe: Timeframe, *, start_ms: int, end_ms: int) -> Candles | None:
        """Return the bars that open from `start_ms` and close up to `end_ms` (epoch ms, starts of bars).

        The result is the longest run without a gap that ends at `end_ms`, or None. Raise ExchangeError (except EmptyData)
        after retries. Raise OSError when bars cannot be stored."""
        path = self._folder / f"{instrument.symbol}-{timeframe.value}.npz"
        stored = _read(path, instrument.symbol, timeframe)
        bars = None if stored is None else await self._extend_forward(stored, instrument, end_ms)
        if bars is None:
            page = await self._page(instrument, timeframe, start_ms, end_ms)
            if page is None:
                return None
            bars = CachedBars(candles=page, complete=False)
        bars = await self._extend_backward(bars, instrument, start_ms)
        if bars is not stored:
            _write(path, bars)
        first, last = (int(index) for index in np.searchsorted(bars.candles.open_ms, (start_ms, end_ms)))
        if first >= last:
            return None
        run = in_one_scale(bars.candles.cut(first, last))
        return run.cut(run.run_start())

    async def _extend_forward(self, stored: CachedBars, instrument: Instrument, end_ms: int) -> CachedBars | None:
        """Return the stored bars, extended up to `end_ms`. None when the later bars do not begin with the last stored bar.
        The stored bars are then useless."""
        timeframe, last_ms = stored.candles.timeframe, int(stored.candles.open_ms[-1])
        if end_ms <= last_ms + timeframe.ms:
            return stored
        pages: list[Candles] = []
        before_ms = end_ms
        while before_ms > last_ms:  # the last stored bar is requested again
            page = await self._page(instrument, timeframe, last_ms, before_ms)
            if page is None:
                return None
            pages.append(page)
            before_ms = int(page.open_ms[0])
        if not _join(stored.candles, pages[-1]):
            return None
        pages[-1] = pages[-1].cut(1)
        return CachedBars(candles=concatenated([stored.candles, *pages[::-1]]), complete=stored.complete)

    async def _extend_backward(self, bars: CachedBars, instrument: Instrument, start_ms: int) -> CachedBars:
        """Return the bars, extended back to `start_ms`, or to the venue's first bar or a gap."""
        pages = [bars.candles]
        while not bars.complete and (first_ms := int(pages[-1].open_ms[0])) > start_ms:
            page = await self._page(instrument, bars.candles.timeframe, start_ms, first_ms)
            if page is None:
                return CachedBars(candles=concatenated(pages[::-1]), complete=True)
            pages.append(page)
        return bars if len(pages) == 1 else CachedBars(candles=concatenated(pages[::-1]), complete=False)

    async def _page(self, instrument: Instrument, timeframe: Timeframe, start_ms: int, before_ms: int) -> Candles | None:
        """Return one page of bars that ends at `before_ms` and does not begin before `start_ms`, or None."""
        limit = min(PAGE_BARS, (before_ms - start_ms) // timeframe.ms)
        try:
            page = await self._with_retries(
                lambda: self._exchange.candles(instrument, timeframe, limit=limit, before_ms=before_ms)
            )
        except EmptyData:
            return None
        if int(page.open_ms[-1]) + timeframe.ms != before_ms:
            return None  # a page before a gap is not used
        return page.cut(page.run_start())

    async def _with_retries(self, request: Callable[[], Awaitable[Candles]]) -> Candles:
        """Return the reply to a request. Repeat the request after a transient failure, because the evaluated symbols and
        bars must not depend on the load of the exchange or of this machine."""
        for pause_s in RETRY_PAUSES_S:
            try:
                return await request()
            except TRANSIENT_ERRORS:
                await self._sleep(pause_s)
        return await request()


def concatenated(parts: list[Candles]) -> Candles:
    """Return consecutive runs of bars as one run, with the stamp of the last."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in CANDLE_COLUMNS}
    return replace(parts[-1], **columns)


def _join(stored: Candles, page: Candles) -> bool:
    """Return True if the page begins with the last stored bar."""
    return all(getattr(page, name)[0] == getattr(stored, name)[-1] for name in CANDLE_COLUMNS)


def _read(path: Path, symbol: str, timeframe: Timeframe) -> CachedBars | None:
    """Return the content of the file. None when it is missing, cannot be read, or does not hold a run of bars."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: np.ascontiguousarray(file[name]) for name in CANDLE_COLUMNS}
            observed_ms, complete = int(file["observed_ms"]), bool(file["whole"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    times, prices = columns["open_ms"], np.array([columns[name] for name in ("open", "high", "low", "close")])
    if not len(times) or (np.diff(times) != timeframe.ms).any() or not (np.isfinite(prices) & (prices > 0)).all():
        return None
    stamp = Stamp(observed_ms=observed_ms, received_ms=observed_ms)
    return CachedBars(candles=Candles(symbol=symbol, timeframe=timeframe, stamp=stamp, **columns), complete=complete)


def _write(path: Path, bars: CachedBars) -> None:
    """Store the bars. Raise OSError when they cannot be stored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: getattr(bars.candles, name) for name in CANDLE_COLUMNS}
    observed_ms = bars.candles.stamp.observed_ms
    # the file has the name `whole` for `complete`
    replace_file(path, lambda file: np.savez_compressed(file, **columns, observed_ms=observed_ms, whole=bars.complete))
