"""Histories for the evaluation: random walks of several symbols. Their bars are consistent in all timeframes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.errors import EmptyData
from virtuoso.domain.model import CANDLE_COLUMNS, Candles, Instrument, Stamp, Timeframe
from virtuoso.evaluate.panel import STEP_MS

if TYPE_CHECKING:
    from virtuoso.domain.model import Millis

END_MS = 1_760_000_400_000 // Timeframe.H4.ms * Timeframe.H4.ms


def clock(steps: int) -> Millis:
    """Return the last `steps` grid times up to END_MS."""
    return np.arange(END_MS - (steps - 1) * STEP_MS, END_MS + 1, STEP_MS, dtype=np.int64)


def five_minutes(symbol: str, count: int, seed: int) -> Candles:
    """Return a walk of 5m bars that ends at END_MS."""
    rng = np.random.default_rng(seed)
    close = 20 * np.exp(np.cumsum(0.002 * rng.standard_t(4, count)))
    opened = np.concatenate((close[:1], close[:-1]))
    wick = np.exp(np.abs(rng.normal(0, 0.001, (2, count))))
    high, low = np.maximum(opened, close) * wick[0], np.minimum(opened, close) / wick[1]
    open_ms = END_MS - STEP_MS * np.arange(count, 0, -1, dtype=np.int64)
    volume = rng.lognormal(8, 1, count)
    return Candles(
        symbol=symbol,
        timeframe=Timeframe.M5,
        open_ms=open_ms,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        stamp=Stamp(observed_ms=END_MS, received_ms=END_MS),
    )


def longer(bars: Candles, timeframe: Timeframe) -> Candles:
    """Return the same market in longer bars."""
    group = timeframe.ms // STEP_MS
    first = int(np.argmax(bars.open_ms % timeframe.ms == 0))
    rows = (len(bars) - first) // group

    def grouped(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        values: np.ndarray[tuple[int, int], np.dtype[np.float64]] = getattr(bars, name)[first : first + rows * group]
        return values.reshape(rows, group)

    return Candles(
        symbol=bars.symbol,
        timeframe=timeframe,
        open_ms=bars.open_ms[first : first + rows * group : group].copy(),
        open=grouped("open")[:, 0].copy(),
        high=grouped("high").max(axis=1),
        low=grouped("low").min(axis=1),
        close=grouped("close")[:, -1].copy(),
        volume=grouped("volume").sum(axis=1),
        stamp=bars.stamp,
    )


def candle_history(symbol: str = "XUSDT", *, count: int = 20_000, seed: int = 1) -> Mapping[Timeframe, Candles]:
    """Return the bars of all replayed timeframes, at most the last 1500 of each."""
    bars = five_minutes(symbol, count, seed)
    by_timeframe = {Timeframe.M5: bars, **{t: longer(bars, t) for t in (Timeframe.M30, Timeframe.H4)}}
    return {t: select(each, slice(-1500, None)) for t, each in by_timeframe.items()}


class Venue:
    """An exchange that has only past bars of some symbols. It records its requests as (timeframe, limit, before_ms)."""

    def __init__(self, *bars: Candles, page: int = 100) -> None:
        self.venue = "bybit"
        self.bars = {(each.symbol, each.timeframe): each for each in bars}
        self.page = page
        self.requests: list[tuple[Timeframe, int, int]] = []

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Return a page of at most `page` bars, as the port requires."""
        assert before_ms is not None
        self.requests.append((timeframe, limit, before_ms))
        bars = self.bars[instrument.symbol, timeframe]
        end = int(np.searchsorted(bars.open_ms, before_ms))
        first = max(0, end - min(limit, self.page))
        gaps = np.flatnonzero(np.diff(bars.open_ms[first:end]) != timeframe.ms)
        first += int(gaps[-1]) + 1 if len(gaps) else 0
        if first >= end:
            raise EmptyData("no bars")
        return select(bars, slice(first, end))


async def no_pause(_: float) -> None:
    """Return immediately."""


def select(bars: Candles, selection: slice | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Candles:
    """Return the selected bars."""
    columns = {name: getattr(bars, name)[selection] for name in CANDLE_COLUMNS}
    return Candles(symbol=bars.symbol, timeframe=bars.timeframe, stamp=bars.stamp, **columns)
