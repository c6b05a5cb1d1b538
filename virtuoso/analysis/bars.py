"""Candles for the analysis, in log prices. `Bars` are the bars of one timeframe. `Rows` are windows of bars.

Each row holds the data known at the close of one bar: that bar and the 299 before it. Live scoring makes one row for each
timeframe. An evaluation makes one row for every bar of a history. Both read rows with the same code, so a reading at a bar
cannot depend on later bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from virtuoso.analysis.measurement import READING_ERRORS
from virtuoso.analysis.ta_lib import ADX, ATR, MACD, MINUS_DI, PLUS_DI, RSI

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Candles, Floats, Millis

T = TypeVar("T")

YEAR_MS = 365 * 86_400_000
WINDOW_BARS = 300
"""The number of bars in the window of each reading. A longer history does not change a reading."""
CLOCK_TOLERANCE_MS = 5_000
"""A bar counts as closed this long before its end, because the exchange's clock and ours may differ."""
FLAT = 1e-9
"""A smaller log range counts as no movement. The smallest tick of a liquid market is 1e-6 of its price."""
MIN_MOVED_SHARE = 0.1
"""The minimum share of returns that are not 0, for the deviation or the beta of a market."""
ACTIVITY_BARS = 30
MIN_MOVED_BARS, ENOUGH_MOVED_BARS = 10, 20
"""The number of the last 30 bars that must move, and the number that gives full confidence. In recorded markets, at least 26
of them move."""
MIN_RANGE_STEPS, ENOUGH_RANGE_STEPS = 2.0, 10.0
"""The same two limits for the range of the last 30 bars, in price steps. Moves between only two prices are changes from bid
to ask. In recorded markets, the range is at least 24 steps."""
VOLUME_BARS = 50
MATURE_BARS = 100


def closed_bar_count(candles: Candles, now_ms: int) -> int:
    """Return the number of bars that had closed at `now_ms` (epoch ms). A score must not use later bars."""
    opens, length = candles.open_ms, candles.timeframe.ms
    if len(opens) and opens[-1] + length <= now_ms + CLOCK_TOLERANCE_MS:
        return len(opens)
    return int(np.searchsorted(opens, now_ms + CLOCK_TOLERANCE_MS - length, side="right"))


def weighted_sum(values: Floats, weights: Floats) -> Floats:
    """Return the sum of values times weights over the last axis.

    The function avoids BLAS, whose last digits depend on the number of rows. The reading of a row must not depend on the
    other rows that are read with it."""
    total: Floats = (values * weights).sum(axis=-1)
    return total


def closed_bars(candles: Candles, now_ms: int) -> Bars | None:
    """Return the bars that had closed at `now_ms` (epoch ms), or None when they cannot be read."""
    try:
        return Bars(candles, end=closed_bar_count(candles, now_ms))
    except READING_ERRORS:
        return None


def enough_moves(returns: Floats) -> NDArray[np.bool_]:
    """Return True where at least a tenth of the returns over the last axis are not 0. NaN means that a return is missing."""
    enough: NDArray[np.bool_] = (np.abs(returns) > FLAT).sum(axis=-1) >= MIN_MOVED_SHARE * np.isfinite(returns).sum(axis=-1)
    return enough


def _moves(distances: Floats) -> Floats:
    """Return the distances, and infinity where there is no movement."""
    return np.where(distances > FLAT, distances, np.inf)


def _smallest(values: Floats, width: int) -> Floats:
    """Return the smallest of the last `width` values, at each value."""
    smallest: Floats = np.minimum.accumulate(values)
    if len(values) > width:
        smallest[width:] = np.lib.stride_tricks.sliding_window_view(values[1:], width).min(axis=1)
    return smallest


class Bars:
    """The last `max_bars` bars of one timeframe before index `end`, without gaps. None means no limit. Bars before a gap are
    left out, because an indicator must not treat the bars on both sides of a gap as neighbours.

    Arrays have shape (count,): log prices, base volumes, and TA-Lib's recursive indicators. An indicator is NaN until it
    has enough bars. Raise ValueError when there is no bar, a price is not positive and finite, a high is below its low, a
    volume is negative or not finite, or the arrays differ in length."""

    def __init__(self, candles: Candles, *, end: int | None = None, max_bars: int | None = WINDOW_BARS) -> None:
        end = len(candles) if end is None else end
        if end <= 0:
            raise ValueError("no closed bar")
        run_start = candles.run_start(end)
        begin = run_start if max_bars is None else max(run_start, end - max_bars)
        self._missing_since = _missing_since(candles, begin) if begin == run_start else ""
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
            raise ValueError("times, prices and volumes differ in length")
        if not (np.isfinite(self.logs).all() and np.isfinite(self.volume).all() and self.volume.min() >= 0):
            raise ValueError("a bar has a price or volume that is not a positive number")
        if (self.high < self.low).any():
            raise ValueError("a bar's high is below its low")

    def too_few(self, needed: int) -> str:
        """Return the reason why fewer than `needed` bars can be read. It names a gap or a break of scale before them."""
        return f"needs {needed} bars, has {self.count}{self._missing_since}"

    @cached_property
    def price_step(self) -> Floats:
        """The smallest move within the 300 bars up to each bar: between two prices of a bar, or between two closes. It is at
        least the tick size, as a log distance. NaN without movement."""
        within = np.abs([a - b for a, b in combinations(self.logs, 2)])
        between = np.concatenate(([0.0], np.abs(self.close[1:] - self.close[:-1])))
        steps = np.minimum(_smallest(_moves(within).min(axis=0), WINDOW_BARS), _smallest(_moves(between), WINDOW_BARS - 1))
        return np.where(np.isfinite(steps), steps, np.nan)

    @cached_property
    def atr(self) -> Floats:
        """Wilder's average true range over 14 bars of log prices, approximately a fraction of the price. It is at least
        `price_step`: in a market that hardly moves, it would decay to nothing. NaN without movement. (TA-Lib ATR.)"""
        atr: Floats = np.maximum(ATR(self.high, self.low, self.close, 14), self.price_step)
        return atr

    @cached_property
    def rsi(self) -> Floats:
        """Wilder's relative strength index over 14 bars, 0-100. (TA-Lib RSI.)"""
        rsi: Floats = RSI(self.close, 14)
        return rsi

    @cached_property
    def macd(self) -> Floats:
        """MACD histogram (12, 26, 9) of log closes. (TA-Lib MACD.)"""
        histogram: Floats = MACD(self.close, 12, 26, 9)[2]
        return histogram

    @cached_property
    def plus_di(self) -> Floats:
        """Plus directional indicator over 14 bars, 0-100. (TA-Lib PLUS_DI.)"""
        plus: Floats = PLUS_DI(self.high, self.low, self.close, 14)
        return plus

    @cached_property
    def minus_di(self) -> Floats:
        """Minus directional indicator over 14 bars, 0-100. (TA-Lib MINUS_DI.)"""
        minus: Floats = MINUS_DI(self.high, self.low, self.close, 14)
        return minus

    @cached_property
    def adx(self) -> Floats:
        """Average directional index over 14 bars, 0-100. (TA-Lib ADX.)"""
        adx: Floats = ADX(self.high, self.low, self.close, 14)
        return adx


class Activity(NamedTuple):
    """The activity of the last 30 bars: arrays of shape (rows,).

    `traded` is the number of bars with volume. `moved` is the number of bars that have a range or another close than the bar
    before. `range_steps` is the range of all in price steps, 0 without movement."""

    traded: Floats
    moved: Floats
    range_steps: Floats

    @property
    def too_low(self) -> NDArray[np.bool_]:
        """True for each row whose market has not traded, or moves too little for a reading."""
        few: NDArray[np.bool_] = (self.traded < 1) | (self.moved < MIN_MOVED_BARS) | (self.range_steps < MIN_RANGE_STEPS)
        return few

    def reason(self, row: int, count: int) -> str:
        """Return why the activity of a row with `count` bars is too low. The reason is empty when it is not."""
        bars, moved = min(count, ACTIVITY_BARS), int(self.moved[row])
        if self.traded[row] < 1:
            return f"no volume in the last {bars} bars"
        if moved < MIN_MOVED_BARS:
            return f"the price moved in {moved} of the last {bars} bars, needs {MIN_MOVED_BARS}"
        return "" if self.range_steps[row] >= MIN_RANGE_STEPS else f"the price had only two values in the last {bars} bars"


def _missing_since(candles: Candles, begin: int) -> str:
    """Return why there are no bars before index `begin`. Return "" if a gap or a break of scale is not the reason."""
    if begin > 0:
        return f" since a gap at {_utc(int(candles.open_ms[begin - 1]) + candles.timeframe.ms)}"
    since = candles.scale_since_ms
    if since is None or since != candles.open_ms[0]:
        return ""
    return f" since the scale of the prices changed at {_utc(since)}"


def _utc(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


class Rows:
    """The data that was known at several bars: windows of shape (rows, 300), oldest bar first.

    Before the first bar of the history, log prices are NaN and base volumes are 0. `count` (rows,) is the number of bars up
    to and including the row's bar. Arrays of shape (2, ...) have an upper and a lower side. The lower side is negated, so
    that one formula works for both."""

    def __init__(self, bars: Sequence[Bars], positions: Sequence[slice], windows: Sequence[Floats], count: Floats) -> None:
        self.open, self.high, self.low, self.close, self.volume = windows
        self.count = count
        self._bars, self._positions = bars, positions
        self._derived: dict[object, object] = {}

    @classmethod
    def latest(cls, bars: Sequence[Bars]) -> Rows:
        """Return one row for the last bar of each timeframe."""
        block = np.full((5, len(bars), WINDOW_BARS), np.nan)
        block[4] = 0.0
        for row, one in enumerate(bars):
            count = min(one.count, WINDOW_BARS)
            block[:4, row, -count:] = one.logs[:, -count:]
            block[4, row, -count:] = one.volume[-count:]
        return cls(bars, [slice(-1, None)] * len(bars), list(block), np.array([b.count for b in bars], dtype=np.float64))

    @classmethod
    def between(cls, bars: Bars, begin: int, end: int) -> Rows:
        """Return one row for each bar of one timeframe from index `begin` up to, but not including, `end`."""
        first = max(0, begin - WINDOW_BARS + 1)
        padding = WINDOW_BARS - 1 - (begin - first)
        windows = []
        for values, filler in (*((v, np.nan) for v in bars.logs), (bars.volume, 0.0)):
            padded = np.concatenate((np.full(padding, filler), values[first:end]))
            windows.append(np.lib.stride_tricks.sliding_window_view(padded, WINDOW_BARS))
        return cls([bars], [slice(begin, end)], windows, np.arange(begin + 1, end + 1, dtype=np.float64))

    def indicator(self, name: str) -> Floats:
        """Return an indicator of `Bars`, such as "rsi", at each row. Shape (rows,)."""
        if len(self._bars) == 1:
            single: Floats = getattr(self._bars[0], name)[self._positions[0]]
            return single
        return np.concatenate([getattr(b, name)[p] for b, p in zip(self._bars, self._positions, strict=True)])

    def derived(self, factory: Callable[[Rows], T]) -> T:
        """Return `factory(self)`, computed once for all components that need it."""
        if factory not in self._derived:
            self._derived[factory] = factory(self)
        return self._derived[factory]  # type: ignore[return-value]  # the value comes from `factory`

    @cached_property
    def atr(self) -> Floats:
        """ATR-14 at each row; NaN without movement. Shape (rows,)."""
        return self.indicator("atr")

    @cached_property
    def last_close(self) -> Floats:
        """Log close at each row. Shape (rows,)."""
        return self.close[:, -1]

    @cached_property
    def recent_volume(self) -> Floats:
        """Volumes of the last 50 bars. Shape (rows, 50)."""
        return self.volume[:, -VOLUME_BARS:]

    @cached_property
    def typical_price(self) -> Floats:
        """Mean of log high, low and close of the last 120 bars. Shape (rows, 120)."""
        last = slice(-120, None)
        typical: Floats = (self.high[:, last] + self.low[:, last] + self.close[:, last]) / 3
        return typical

    @cached_property
    def has_range(self) -> NDArray[np.bool_]:
        """True for each of the last 50 bars that has a range. Shape (rows, 50)."""
        ranged: NDArray[np.bool_] = self.high[:, -VOLUME_BARS:] - self.low[:, -VOLUME_BARS:] > FLAT
        return ranged

    @cached_property
    def close_location(self) -> Floats:
        """Close location value of the last 50 bars: -1 for a close at the bar's low, 1 at its high, 0 for a bar without
        range. Shape (rows, 50)."""
        high, low = self.high[:, -VOLUME_BARS:], self.low[:, -VOLUME_BARS:]
        location: Floats = (2 * self.close[:, -VOLUME_BARS:] - high - low) / np.maximum(high - low, FLAT) * self.has_range
        return location

    @cached_property
    def two_sided_highs(self) -> Floats:
        """Highs and negated lows. Shape (2, rows, 300)."""
        return np.stack((self.high, -self.low))

    @cached_property
    def two_sided_lows(self) -> Floats:
        """Lows and negated highs of the last 60 bars. Shape (2, rows, 60)."""
        return -self.two_sided_highs[::-1, :, -60:]

    @cached_property
    def lowest_since(self) -> Floats:
        """The lowest value of `two_sided_lows` from each bar to the last bar. Shape (2, rows, 60)."""
        lowest: Floats = np.minimum.accumulate(self.two_sided_lows[:, :, ::-1], axis=2)[:, :, ::-1]
        return lowest

    @cached_property
    def two_sided_closes(self) -> Floats:
        """Closes and negated closes of the last 60 bars. Shape (2, rows, 60)."""
        close = self.close[:, -60:]
        return np.stack((close, -close))

    @cached_property
    def activity(self) -> Activity:
        """The activity of the last 30 bars of each row."""
        last = slice(-ACTIVITY_BARS, None)
        high, low, closes = self.high[:, last], self.low[:, last], self.close[:, -ACTIVITY_BARS - 1 :]
        moved = (high - low > FLAT) | (np.abs(closes[:, 1:] - closes[:, :-1]) > FLAT)
        spread = np.nanmax(high, axis=1) - np.nanmin(low, axis=1)
        steps = np.nan_to_num(spread / self.indicator("price_step"), nan=0.0)
        return Activity((self.volume[:, last] > 0).sum(axis=1), moved.sum(axis=1), steps)

    @cached_property
    def quality(self) -> Floats:
        """Confidence in the bars of each row, 0-1. Shape (rows,).

        It is the product of four factors. The first is the share of the last 30 bars with volume. The second is
        count / 100, at most 1. It is low for a new market. The third is 0.5 + r / (r + u), at most 1, where r and u are the
        mean volumes of the last 5 and 50 bars. The fourth is below 1 when fewer than 20 of the last 30 bars moved, or when
        their range is below 10 price steps."""
        activity = self.activity.traded / ACTIVITY_BARS
        age = np.minimum(self.count / MATURE_BARS, 1.0)
        recent, usual = self.recent_volume[:, -5:].sum(axis=1) / 5, self.recent_volume.sum(axis=1) / VOLUME_BARS
        movement = np.minimum(self.activity.moved / ENOUGH_MOVED_BARS, 1.0)
        movement *= np.minimum(self.activity.range_steps / ENOUGH_RANGE_STEPS, 1.0)
        # fmin ignores the NaN of a window without volume, where `activity` is 0
        quality: Floats = activity * age * movement * np.fmin(0.5 + recent / (recent + usual), 1.0)
        return quality

    @cached_property
    def volume_evenness(self) -> Floats:
        """The evenness of the volume of the last 50 bars, 0-1: n / (n + 5), where n = (sum v)^2 / sum v^2 is the effective
        number of bars. A single huge trade makes volume unreliable. NaN without volume. Shape (rows,)."""
        total = self.recent_volume.sum(axis=1)
        effective = total * total / (self.recent_volume * self.recent_volume).sum(axis=1)
        evenness: Floats = effective / (effective + 5)
        return evenness
