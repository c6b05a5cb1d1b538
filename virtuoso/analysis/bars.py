"""Candles as the analysis sees them, on log prices: `Bars` are those of one timeframe, `Rows` are windows of them.

A gauge reads rows: each row is what was known at the close of one bar, the 300 bars up to it. Live scoring makes one row a
timeframe, an evaluation one row for every bar of a history; the code that reads them is the same, and what it reads at a
bar cannot depend on later ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import talib

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats, Millis

T = TypeVar("T")

# Where pandas is installed TA-Lib wraps each function to look for its types, which costs more than many of them.
ADX, ATR, MACD, MINUS_DI, PLUS_DI, RSI = (
    inspect.unwrap(f) for f in (talib.ADX, talib.ATR, talib.MACD, talib.MINUS_DI, talib.PLUS_DI, talib.RSI)
)

WIDTH = 300  # bars that a reading is made from, exactly: a longer history must not change it
SLACK_MS = 5_000  # two clocks may differ by this much before a closed bar looks like one of the future
FLAT = 1e-9  # a log range below this is none: the smallest tick of a liquid market is 1e-6 of its price
ACTIVITY_BARS = 30
VOLUME_BARS = 50
MATURE_BARS = 100


def closed_by(candles: Candles, now_ms: int) -> int:
    """How many of the bars had closed at `now_ms`. Later ones are no business of a score made then."""
    opens, length = candles.open_ms, candles.timeframe.ms
    if len(opens) and opens[-1] + length <= now_ms + SLACK_MS:
        return len(opens)
    return int(np.searchsorted(opens, now_ms + SLACK_MS - length, side="right"))


def weighted(values: Floats, weights: Floats) -> Floats:
    """Sum of values times weights over the last axis. Not by BLAS, whose last digits depend on how many rows there are: a
    row must read the same whichever others are read with it."""
    total: Floats = (values * weights).sum(axis=-1)
    return total


class Bars:
    """Bars of one timeframe: the last `keep` before `end`. Arrays of shape (count,): log prices, base volumes; and the
    indicators of TA-Lib that remember their past, NaN until they begin.

    ValueError when prices are not positive and finite, volumes negative, or the arrays of different length."""

    def __init__(self, candles: Candles, *, end: int | None = None, keep: int | None = WIDTH) -> None:
        end = len(candles) if end is None else end
        begin = 0 if keep is None else max(0, end - keep)
        if end <= 0:
            raise ValueError("no closed bar")
        span = slice(begin, end)
        prices = np.array((candles.open[span], candles.high[span], candles.low[span], candles.close[span]), dtype=np.float64)
        with np.errstate(all="ignore"):
            self.logs: Floats = np.log(prices)
        self.timeframe = candles.timeframe
        self.open_ms: Millis = candles.open_ms[span]
        self.open, self.high, self.low, self.close = self.logs
        self.volume: Floats = np.asarray(candles.volume[span], dtype=np.float64)
        self.count = end - begin
        if len(self.volume) != self.count or len(self.open_ms) != self.count:
            raise ValueError("times, prices and volumes are of different length")
        if not (np.isfinite(self.logs).all() and np.isfinite(self.volume).all() and self.volume.min() >= 0):
            raise ValueError("bars hold a price or volume that is not a positive number")
        if (self.high < self.low).any():
            raise ValueError("a bar's high lies below its low")

    @cached_property
    def atr(self) -> Floats:
        """Wilder's average true range over 14 bars (TA-Lib ATR) of log prices, so about a fraction of the price. NaN where
        nothing moves."""
        atr: Floats = ATR(self.high, self.low, self.close, 14)
        atr[atr < FLAT] = np.nan
        return atr

    @cached_property
    def rsi(self) -> Floats:
        """Wilder's relative strength index over 14 bars, 0-100 (TA-Lib RSI)."""
        rsi: Floats = RSI(self.close, 14)
        return rsi

    @cached_property
    def macd(self) -> Floats:
        """MACD histogram (12, 26, 9) (TA-Lib MACD)."""
        histogram: Floats = MACD(self.close, 12, 26, 9)[2]
        return histogram

    @cached_property
    def plus_di(self) -> Floats:
        """Plus directional indicator over 14 bars, 0-100 (TA-Lib PLUS_DI)."""
        plus: Floats = PLUS_DI(self.high, self.low, self.close, 14)
        return plus

    @cached_property
    def minus_di(self) -> Floats:
        """Minus directional indicator over 14 bars, 0-100 (TA-Lib MINUS_DI)."""
        minus: Floats = MINUS_DI(self.high, self.low, self.close, 14)
        return minus

    @cached_property
    def adx(self) -> Floats:
        """Average directional index over 14 bars, 0-100 (TA-Lib ADX)."""
        adx: Floats = ADX(self.high, self.low, self.close, 14)
        return adx


class Rows:
    """What was known at several bars: windows of shape (rows, 300), oldest first, of log prices (NaN before the first bar)
    and base volumes (0 before it). `count` (rows,): bars up to and with that bar."""

    def __init__(self, bars: Sequence[Bars], at: Sequence[slice], windows: Sequence[Floats], count: Floats) -> None:
        self.open, self.high, self.low, self.close, self.volume = windows
        self.count = count
        self._bars, self._at = bars, at
        self._derived: dict[object, object] = {}

    @classmethod
    def latest(cls, bars: Sequence[Bars]) -> Rows:
        """One row for each of several timeframes: its last bar."""
        block = np.full((5, len(bars), WIDTH), np.nan)
        block[4] = 0.0
        for row, one in enumerate(bars):
            kept = min(one.count, WIDTH)
            block[:4, row, -kept:] = one.logs[:, -kept:]
            block[4, row, -kept:] = one.volume[-kept:]
        return cls(bars, [slice(-1, None)] * len(bars), list(block), np.array([b.count for b in bars], dtype=np.float64))

    @classmethod
    def every(cls, bars: Bars, begin: int, end: int) -> Rows:
        """One row for each of the bars from `begin` to `end` of one timeframe."""
        first = max(0, begin - WIDTH + 1)
        lacking = WIDTH - 1 - (begin - first)
        windows = []
        for values, before in (*((v, np.nan) for v in bars.logs), (bars.volume, 0.0)):
            padded = np.concatenate((np.full(lacking, before), values[first:end]))
            windows.append(np.lib.stride_tricks.sliding_window_view(padded, WIDTH))
        return cls([bars], [slice(begin, end)], windows, np.arange(begin + 1, end + 1, dtype=np.float64))

    def of(self, indicator: str) -> Floats:
        """An indicator of the bars, such as "rsi", at each row. Shape (rows,)."""
        if len(self._bars) == 1:
            single: Floats = getattr(self._bars[0], indicator)[self._at[0]]
            return single
        return np.concatenate([getattr(b, indicator)[at] for b, at in zip(self._bars, self._at, strict=True)])

    def derived(self, kind: Callable[[Rows], T]) -> T:
        """What a class makes of these rows, made once for all gauges that read it."""
        if kind not in self._derived:
            self._derived[kind] = kind(self)
        return self._derived[kind]  # type: ignore[return-value]  # it is what `kind` made

    @cached_property
    def atr(self) -> Floats:
        """ATR-14 at each row; NaN where nothing moves. Shape (rows,)."""
        return self.of("atr")

    @cached_property
    def last(self) -> Floats:
        """Log close at each row. Shape (rows,)."""
        return self.close[:, -1]

    @cached_property
    def volumes(self) -> Floats:
        """Volumes of the last 50 bars. Shape (rows, 50)."""
        return self.volume[:, -VOLUME_BARS:]

    @cached_property
    def typical(self) -> Floats:
        """Mean of high, low and close of the last 120 bars, log. Shape (rows, 120)."""
        last = slice(-120, None)
        typical: Floats = (self.high[:, last] + self.low[:, last] + self.close[:, last]) / 3
        return typical

    @cached_property
    def place(self) -> Floats:
        """Where each of the last 50 bars closed within its range, -1 at the low to 1 at the high, 0 without range."""
        high, low = self.high[:, -VOLUME_BARS:], self.low[:, -VOLUME_BARS:]
        spread = high - low
        place: Floats = (2 * self.close[:, -VOLUME_BARS:] - high - low) / np.maximum(spread, FLAT) * (spread > FLAT)
        return place

    @cached_property
    def ceilings(self) -> Floats:
        """Highs, and lows negated: what is said of the one side holds for the other. Shape (2, rows, 300)."""
        return np.stack((self.high, -self.low))

    @cached_property
    def floors(self) -> Floats:
        """Lows, and highs negated, of the last 60 bars. Shape (2, rows, 60)."""
        return -self.ceilings[::-1, :, -60:]

    @cached_property
    def lowest_since(self) -> Floats:
        """Lowest of `floors` from each bar to the last. Shape (2, rows, 60)."""
        lowest: Floats = np.minimum.accumulate(self.floors[:, :, ::-1], axis=2)[:, :, ::-1]
        return lowest

    @cached_property
    def closes(self) -> Floats:
        """Closes of the last 60 bars, and the same negated. Shape (2, rows, 60)."""
        close = self.close[:, -60:]
        return np.stack((close, -close))

    @cached_property
    def quality(self) -> Floats:
        """How far bars like these can be relied on, 0-1: the share of the last 30 with any volume, less for a young market
        (100 bars make it whole), and less when the last 5 saw little volume against the last 50. Shape (rows,)."""
        activity = (self.volumes[:, -ACTIVITY_BARS:] > 0).sum(axis=1) / ACTIVITY_BARS
        age = np.minimum(self.count / MATURE_BARS, 1.0)
        recent, usual = self.volumes[:, -5:].sum(axis=1) / 5, self.volumes.sum(axis=1) / VOLUME_BARS
        quality: Floats = (
            activity * age * np.fmin(0.5 + recent / (recent + usual), 1.0)
        )  # fmin: without volume activity is 0
        return quality

    @cached_property
    def evenness(self) -> Floats:
        """How evenly the volume of the last 50 bars is spread, 0-1, by the effective number of bars
        n = (sum v)^2 / sum v^2, as n / (n + 5): one huge trade makes volumes say little. NaN without volume. (rows,)"""
        total = self.volumes.sum(axis=1)
        effective = total * total / (self.volumes * self.volumes).sum(axis=1)
        evenness: Floats = effective / (effective + 5)
        return evenness
