"""Bars of the past, asked for page by page and kept in a folder, a file a symbol and timeframe.

A file holds one run of bars without a gap. What lies before or after it is asked for when it is wanted, and joined only
where the bar at the seam says the same again: bars of another market under the same name are thrown away.
"""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.errors import BadData, EmptyData, RateLimited, VenueTimedOut, VenueUnavailable
from virtuoso.domain.model import Candles, Instrument, Stamp, Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange

PAGE = 1000  # bars; an exchange gives fewer where it has to
COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")
PASSING = (RateLimited, VenueTimedOut, VenueUnavailable, BadData)  # failures that may be over a moment later
PAUSES_S = (1.0, 4.0, 15.0)  # before a page is asked for again; a rate limit of Bybit's ends within them


@dataclass(frozen=True, slots=True, eq=False)
class CachedBars:
    """A run of bars; `whole`: the venue has none before it, or none that joins it."""

    candles: Candles
    whole: bool


class BarCache:
    """Bars of one exchange, kept in `folder`, which belongs to that venue and environment alone. `sleep`: waits so many
    seconds before a page is asked for again."""

    def __init__(
        self, exchange: Exchange, folder: Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._exchange = exchange
        self._folder = folder
        self._sleep = sleep

    async def candles(self, instrument: Instrument, timeframe: Timeframe, *, start_ms: int, end_ms: int) -> Candles | None:
        """The bars that open from `start_ms` and close up to `end_ms` (epoch ms, starts of bars), as many as lead to the end
        without a gap. None when there is none. ExchangeError, except EmptyData, as it comes after some tries; OSError."""
        path = self._folder / f"{instrument.symbol}-{timeframe.value}.npz"
        known = _read(path, instrument.symbol, timeframe)
        made = None if known is None else await self._continued(known, instrument, end_ms)
        if made is None:
            page = await self._page(instrument, timeframe, start_ms, end_ms)
            if page is None:
                return None
            made = CachedBars(page, whole=False)
        made = await self._deepened(made, instrument, start_ms)
        if made is not known:
            _write(path, made)
        first, last = (int(place) for place in np.searchsorted(made.candles.open_ms, (start_ms, end_ms)))
        return cut(made.candles, first, last) if first < last else None

    async def _continued(self, known: CachedBars, instrument: Instrument, end_ms: int) -> CachedBars | None:
        """What is known, up to `end_ms`; None when what comes after it does not join it, so that it is of no use."""
        timeframe, last_ms = known.candles.timeframe, int(known.candles.open_ms[-1])
        if end_ms <= last_ms + timeframe.ms:
            return known
        pages: list[Candles] = []
        before_ms = end_ms
        while before_ms > last_ms:  # down to the last bar that is known, and that with them
            page = await self._page(instrument, timeframe, last_ms, before_ms)
            if page is None:
                return None
            pages.append(page)
            before_ms = int(page.open_ms[0])
        if not _agree(pages[-1], known.candles):
            return None
        pages[-1] = cut(pages[-1], 1, len(pages[-1]))
        return CachedBars(joined([known.candles, *pages[::-1]]), known.whole)

    async def _deepened(self, known: CachedBars, instrument: Instrument, start_ms: int) -> CachedBars:
        """What is known, down to `start_ms` or to where the venue has no more."""
        pages = [known.candles]
        while not known.whole and (first_ms := int(pages[-1].open_ms[0])) > start_ms:
            page = await self._page(instrument, known.candles.timeframe, start_ms, first_ms)
            if page is None:
                return CachedBars(joined(pages[::-1]), whole=True)
            pages.append(page)
        return known if len(pages) == 1 else CachedBars(joined(pages[::-1]), whole=False)

    async def _page(self, instrument: Instrument, timeframe: Timeframe, start_ms: int, before_ms: int) -> Candles | None:
        """The bars that lead to `before_ms`, a page of them, none before `start_ms`; None when there are none."""
        limit = min(PAGE, (before_ms - start_ms) // timeframe.ms)
        try:
            page = await self._patiently(
                lambda: self._exchange.candles(instrument, timeframe, limit=limit, before_ms=before_ms)
            )
        except EmptyData:
            return None
        return page if int(page.open_ms[-1]) + timeframe.ms == before_ms else None  # behind a gap: it does not lead here

    async def _patiently(self, request: Callable[[], Awaitable[Candles]]) -> Candles:
        """The reply to a request that is made again after a failure that may pass: which symbols and bars are judged must
        not depend on how busy the exchange or this machine was."""
        for pause_s in PAUSES_S:
            try:
                return await request()
            except PASSING:
                await self._sleep(pause_s)
        return await request()


def cut(candles: Candles, first: int, last: int) -> Candles:
    """The bars from `first` to `last` of them."""
    return _with(candles, [getattr(candles, name)[first:last] for name in COLUMNS])


def joined(parts: list[Candles]) -> Candles:
    """Runs that follow one another, as one."""
    if len(parts) == 1:
        return parts[0]
    return _with(parts[-1], [np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS])


def _with(candles: Candles, columns: list[Any]) -> Candles:
    """The same with other bars."""
    open_ms, opened, high, low, close, volume = columns
    return Candles(
        symbol=candles.symbol,
        timeframe=candles.timeframe,
        open_ms=open_ms,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        stamp=candles.stamp,
    )


def _agree(page: Candles, known: Candles) -> bool:
    """Whether the page begins with the bar that is known last."""
    return all(getattr(page, name)[0] == getattr(known, name)[-1] for name in COLUMNS)


def _read(path: Path, symbol: str, timeframe: Timeframe) -> CachedBars | None:
    """What the file holds; None without one, or when it cannot be read, or holds anything but a run of bars."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            columns: list[Any] = [np.ascontiguousarray(file[name]) for name in COLUMNS]
            observed_ms, whole = int(file["observed_ms"]), bool(file["whole"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    times, prices = columns[0], np.array(columns[1:5])
    if not len(times) or (np.diff(times) != timeframe.ms).any() or not (np.isfinite(prices) & (prices > 0)).all():
        return None
    open_ms, opened, high, low, close, volume = columns
    stamp = Stamp(observed_ms=observed_ms, received_ms=observed_ms)
    return CachedBars(
        Candles(
            symbol=symbol,
            timeframe=timeframe,
            open_ms=open_ms,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
            stamp=stamp,
        ),
        whole,
    )


def _write(path: Path, kept: CachedBars) -> None:
    """Keep it, all at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    columns = {name: getattr(kept.candles, name) for name in COLUMNS}
    try:
        with scratch.open("wb") as file:
            np.savez_compressed(file, **columns, observed_ms=kept.candles.stamp.observed_ms, whole=kept.whole)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
