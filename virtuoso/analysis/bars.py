"""Candles as the analysis sees them: the last bars of one timeframe on log prices, and what several gauges share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import talib

if TYPE_CHECKING:
    from virtuoso.model import Candles, Floats, Millis

BARS = 300  # what live scoring works on, exactly: a longer history must not change a recursive indicator
SLACK_MS = 5_000  # two clocks may differ by this much before a closed bar looks like one of the future
FLAT = 1e-9  # a log range below this is none: the smallest tick of a liquid market is 1e-6 of its price
ACTIVITY_BARS = 30
MATURE_BARS = 100


def closed_by(candles: Candles, now_ms: int) -> int:
    """How many of the bars had closed at `now_ms`. Later ones are no business of a score made then."""
    opens, length = candles.open_ms, candles.timeframe.ms
    if len(opens) and opens[-1] + length <= now_ms + SLACK_MS:
        return len(opens)
    return int(np.searchsorted(opens, now_ms + SLACK_MS - length, side="right"))


def windows(values: Floats, width: int, tail: int, before: float = np.nan) -> Floats:
    """The last `width` values up to each of the last `tail` bars: shape (tail, width), `before` ahead of the first bar."""
    count = len(values)
    if tail == 1 and count >= width:
        return values[-width:].reshape(1, width)
    lacking = max(0, tail + width - 1 - count)
    padded = np.concatenate((np.full(lacking, before), values))
    windowed: Floats = np.lib.stride_tricks.sliding_window_view(padded, width)[-tail:]
    return windowed


class Bars:
    """The last bars of one timeframe. Arrays of shape (count,): log prices, base volumes. Readings are wanted for the last
    `tail` bars: live scoring wants one, an evaluation all of them; the code is the same.

    ValueError when prices are not positive and finite, volumes negative, or the arrays of different length."""

    def __init__(self, candles: Candles, *, end: int | None = None, keep: int | None = BARS, tail: int = 1) -> None:
        end = len(candles) if end is None else end
        begin = 0 if keep is None else max(0, end - keep)
        if end <= 0:
            raise ValueError("no closed bar")
        span = slice(begin, end)
        prices = np.array((candles.open[span], candles.high[span], candles.low[span], candles.close[span]), dtype=np.float64)
        with np.errstate(all="ignore"):
            logs = np.log(prices)
        self.volume: Floats = np.ascontiguousarray(candles.volume[span], dtype=np.float64)
        if not np.isfinite(logs).all() or not np.isfinite(self.volume).all() or self.volume.min() < 0:
            raise ValueError("bars hold a price or volume that is not a positive number")
        self.timeframe = candles.timeframe
        self.open_ms: Millis = candles.open_ms[span]
        self.open, self.high, self.low, self.close = logs
        self.count = end - begin
        self.tail = min(tail, self.count)
        self.extra: dict[str, object] = {}  # what a dimension makes of these bars for several of its gauges
        if len(self.volume) != self.count or len(self.open_ms) != self.count:
            raise ValueError("times, prices and volumes are of different length")
        if (self.high < self.low).any():
            raise ValueError("a bar's high lies below its low")

    @cached_property
    def typical(self) -> Floats:
        """Mean of high, low and close, log. Shape (count,)."""
        typical: Floats = (self.high + self.low + self.close) / 3
        return typical

    @cached_property
    def median(self) -> Floats:
        """Mean of high and low, log. Shape (count,)."""
        median: Floats = (self.high + self.low) / 2
        return median

    @cached_property
    def span(self) -> Floats:
        """High less low, log. Shape (count,)."""
        span: Floats = self.high - self.low
        return span

    @cached_property
    def every_atr(self) -> Floats:
        """Wilder's average true range over 14 bars (TA-Lib's ATR) of log prices, so about a fraction of the price. NaN in
        its first 14 bars and where nothing moves. Shape (count,)."""
        atr: Floats = talib.ATR(self.high, self.low, self.close, 14)
        atr[atr < FLAT] = np.nan
        return atr

    @property
    def atr(self) -> Floats:
        """`every_atr` at the last `tail` bars."""
        return self.every_atr[-self.tail :]

    @property
    def last(self) -> Floats:
        """Log close at the last `tail` bars."""
        last: Floats = self.close[-self.tail :]
        return last

    @cached_property
    def place(self) -> Floats:
        """Where each bar closed within its range, -1 at the low to 1 at the high, 0 for a bar without range. (count,)"""
        spread = self.span
        moved = spread > FLAT
        place: Floats = np.where(moved, (2 * self.close - self.high - self.low) / np.where(moved, spread, 1.0), 0.0)
        return place

    def rolling(self, values: Floats, width: int) -> Floats:
        """`windows` of `values` at the last `tail` bars."""
        return windows(values, width, self.tail)

    @cached_property
    def volumes(self) -> Floats:
        """Volumes of the last 50 bars at each of the last `tail` bars, 0 ahead of the first. Shape (tail, 50)."""
        return windows(self.volume, 50, self.tail, before=0.0)

    @cached_property
    def quality(self) -> Floats:
        """How far bars like these can be relied on, 0-1, at the last `tail` bars: the share of the last 30 with any volume,
        less for a young market (100 bars make it whole), and less when the last 5 saw little volume against the last 50."""
        activity = (self.volumes[:, -ACTIVITY_BARS:] > 0).sum(axis=1) / ACTIVITY_BARS
        age = np.minimum(np.arange(self.count - self.tail + 1, self.count + 1) / MATURE_BARS, 1.0)
        recent, usual = self.volumes[:, -5:].sum(axis=1) / 5, self.volumes.sum(axis=1) / 50
        quality: Floats = activity * age * np.fmin(0.5 + recent / (recent + usual), 1.0)  # fmin: without volume activity is 0
        return quality

    @cached_property
    def spread_of_volume(self) -> Floats:
        """0-1 at the last `tail` bars: how evenly the volume of the last 50 bars is spread, from the effective number of
        bars n = (sum v)^2 / sum v^2, as n / (n + 5). One huge trade makes volumes say little. NaN without volume."""
        total = self.volumes.sum(axis=1)
        effective = total * total / (self.volumes * self.volumes).sum(axis=1)
        spread: Floats = effective / (effective + 5)
        return spread
