"""Price structure: the position of the price relative to its own earlier levels, on log prices, for each timeframe.

A swing high is a bar whose high is above the highs of the 3 bars before it and not below those of the 3 bars after it. It is
confirmed at the close of the third bar after it, never earlier. It counts while it is among the last 240 bars. A swing low
is its mirror image. Each function returns (readings, confidences) of shape (rows,). NaN means not measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import FLAT, WINDOW_BARS, Rows, weighted_sum
from virtuoso.analysis.components import CandleComponentSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

WING_BARS = 3
SWING_BARS = 240
BREAK_BARS = 24
BREAK_DECAY = 0.88 ** np.arange(BREAK_BARS - 1, -1, -1.0)
DONCHIAN_BARS = 55
MAX_ROOM_ATR = 12.0
"""The maximum room, in ATR. It is also the room where no level lies within this distance."""
ROOM_OFFSET_ATR = 0.5
"""An offset for both rooms. It keeps the ratio finite when the price is at a level."""
ZONE_BARS = 60
ZONE_DECAY = 0.97 ** np.arange(ZONE_BARS - 1, -1, -1.0)
IMPULSE_BARS = 3
EMA_SPANS = (20, 50, 200)
EMA_WEIGHTS = np.stack([(1 - 2 / (span + 1)) ** np.arange(WINDOW_BARS - 1, -1, -1.0) for span in EMA_SPANS])
EMA_TOTALS = np.cumsum(EMA_WEIGHTS[:, ::-1], axis=1).T
"""The total weights. Row n - 1 holds the total weight of the last n bars, for each span."""
EMA_GAP_SCALES = np.array((1.5, 2.0, 4.0))
"""The usual sizes of the three gaps between the stacked averages, in ATR."""


class Swings:
    """The confirmed swings of each row, and values that several components derive from them.

    Side 0 holds highs. Side 1 holds negated lows, so one formula works for both sides. `level` (2, rows, n) is the log price
    of each bar that has three bars on either side. `confirmed` says whether the bar is a swing."""

    def __init__(self, rows: Rows) -> None:
        self.level, self.confirmed = _find_swings(rows.two_sided_highs[:, :, -SWING_BARS:])
        atr = rows.atr[:, None]
        last, previous = _last_two_levels(self.level, self.confirmed)
        step = last - previous
        self.trend: Floats = (step[0] - step[1]) / (2 * atr)
        self._known: Floats = 0 * (last[0, :, -1] + last[1, :, -1] + rows.atr) + 1  # NaN where one of the three is NaN
        # fmax gives 0 where there is no level to break
        broken = np.fmax(np.tanh((rows.two_sided_closes[:, :, -BREAK_BARS:] - last) / atr), 0.0)
        lean = np.tanh(self.trend / 2)
        with_trend = np.fmax(np.stack((lean, -lean)), 0.0)
        self.trend_breaks = self._decayed(broken * with_trend)
        self.counter_breaks = self._decayed(broken * with_trend[::-1])

    def _decayed(self, broken: Floats) -> tuple[Floats, Floats]:
        """Return (upward minus downward breaks, confidence) over the last 24 bars. Older bars have a lower weight."""
        up, down = weighted_sum(broken, BREAK_DECAY)
        return (up - down) * self._known, (up + down + 0.05) / (up + down + 0.8)


def _find_swings(high: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (highs of the bars that have three bars on either side, True for each swing high). Both have shape
    (2, rows, width - 6)."""
    middle = high[:, :, WING_BARS:-WING_BARS]
    size = middle.shape[2]
    confirmed = middle > high[:, :, :size]
    for before in range(1, WING_BARS):
        confirmed &= middle > high[:, :, before : before + size]
    for after in range(WING_BARS + 1, 2 * WING_BARS + 1):
        confirmed &= middle >= high[:, :, after : after + size]
    return middle, confirmed


def _last_two_levels(level: Floats, confirmed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the levels of the last swing and of the one before it, as known at each of the last 24 bars. A level is NaN
    where there is no swing. Both have shape (2, rows, 24)."""
    sides, rows, size = level.shape
    index = np.zeros((sides, rows, size + 1), dtype=np.intp)  # 1 + the index of the last known swing; 0 without one
    np.multiply(confirmed, np.arange(1, size + 1), out=index[:, :, 1:])
    np.maximum.accumulate(index, axis=2, out=index)
    last = index[:, :, -BREAK_BARS:]
    previous = np.take_along_axis(index, np.maximum(last - 1, 0), axis=2)
    return tuple(  # type: ignore[return-value]  # the generator has two items
        np.where(i > 0, np.take_along_axis(level, np.maximum(i - 1, 0), axis=2), np.nan) for i in (last, previous)
    )


def swings(rows: Rows) -> tuple[Floats, float]:
    """Return the mean of two steps in ATR-14: from the previous swing high to the last, and from the previous swing low to
    the last. It is positive for higher highs and higher lows; unbounded, mostly -12..12. NaN until two swing highs and two
    swing lows are confirmed, and where nothing moves. (Dow theory.)"""
    return rows.derived(Swings).trend[:, -1], 1.0


def break_of_structure(rows: Rows) -> tuple[Floats, Floats]:
    """Return the breaks of the last swing level in the direction of the swings: upward u minus downward d, -8..8 "breaks".

    A break is a close above the last swing high while the swings rise, or below the last swing low while they fall. It
    counts tanh(distance in ATR) * tanh(trend of the swings / 2). The sum runs over 24 bars. Each bar has 0.88 times the
    weight of the next. The confidence is (u + d + 0.05) / (u + d + 0.8), so a reading without breaks is 0 with low
    confidence. NaN without a swing on each side. (Market-structure traders use the term; the formula is our own.)"""
    return rows.derived(Swings).trend_breaks


def change_of_character(rows: Rows) -> tuple[Floats, Floats]:
    """Return the breaks of the last swing level against the direction of the swings, a sign that the trend may turn.

    A close above a swing high while the swings fall is bullish. A close below a swing low while they rise is bearish.
    Formula, unit, range, NaN cases and source are as in `break_of_structure`."""
    return rows.derived(Swings).counter_breaks


def room(rows: Rows) -> tuple[Floats, float]:
    """Return log((room above + 0.5) / (room below + 0.5)), a log ratio, -3.2..3.2. A room is the distance in ATR-14 from
    the close to the next confirmed swing, at most 12. It is 12 without such a swing. The reading is bullish when support is
    near and resistance is far. NaN without any swing, and where nothing moves. (Own definition.)"""
    swing_levels = rows.derived(Swings)
    sides = np.array((1.0, -1.0))[:, None, None]
    away = (swing_levels.level * sides - rows.last_close[:, None]) / rows.atr[:, None]
    above = np.where(swing_levels.confirmed & (away > 0), away, MAX_ROOM_ATR).min(axis=(0, 2))
    below = np.where(swing_levels.confirmed & (away < 0), -away, MAX_ROOM_ATR).min(axis=(0, 2))
    ratio = np.log((np.minimum(above, MAX_ROOM_ATR) + ROOM_OFFSET_ATR) / (np.minimum(below, MAX_ROOM_ATR) + ROOM_OFFSET_ATR))
    return np.where(swing_levels.confirmed.any(axis=(0, 2)) & (rows.atr > 0), ratio, np.nan), 1.0


def moving_averages(rows: Rows) -> tuple[Floats, float]:
    """Return how strongly close, EMA-20, EMA-50 and EMA-200 are stacked upwards, -1..1. The reading is the mean of
    tanh(gap / scale) over the three gaps, with scales of 1.5, 2 and 4 ATR-14.

    The averages use the last 300 bars, or fewer in a new market. The weights (1 - 2 / (span + 1)) ** age are scaled to
    add up to 1. Older history therefore does not change them. NaN where nothing moves, and with fewer than 200 bars.
    (pandas' ewm(adjust=True) gives the same averages; the combination is our own.)"""
    away = rows.close - rows.last_close[:, None]  # relative to the last close: sums of large logs would lose precision
    away[np.isnan(away)] = 0.0
    levels = np.zeros((len(away), 1 + len(EMA_SPANS)))
    counts = np.minimum(rows.count, WINDOW_BARS).astype(np.intp)
    levels[:, 1:] = weighted_sum(away[:, None, :], EMA_WEIGHTS) / EMA_TOTALS[counts - 1]
    gaps = (levels[:, :-1] - levels[:, 1:]) / rows.atr[:, None]
    return np.tanh(gaps / EMA_GAP_SCALES).sum(axis=1) / len(EMA_SPANS), 1.0


def donchian(rows: Rows) -> tuple[Floats, float]:
    """Return the position of the log close in the Donchian channel of 55 bars, -1 at its low to 1 at its high:
    (2 close - high - low) / (high - low). NaN when the channel has no width, and with fewer than 55 bars. (Donchian; TA-Lib
    MAX and MIN.)"""
    top, bottom = rows.high[:, -DONCHIAN_BARS:].max(axis=1), rows.low[:, -DONCHIAN_BARS:].min(axis=1)
    spread = top - bottom
    return (2 * rows.last_close - top - bottom) / np.where(spread > FLAT, spread, np.nan), 1.0


def fair_value_gaps(rows: Rows) -> tuple[Floats, Floats]:
    """Return the open fair-value gaps of 60 bars, bullish u minus bearish d, in ATR-14; unbounded, mostly -8..8.

    A bullish gap lies between a bar's low and the lower high of the second bar before it. Only the part that later bars have
    not traded through counts. Each bar has 0.97 times the weight of the next. The confidence is
    (u + d + 0.02) / (u + d + 0.5), so a reading without gaps is 0 with low confidence. NaN where nothing moves, and with
    fewer than 60 bars. (Market-structure traders use the term; the formula is our own.)"""
    tops = rows.two_sided_highs[:, :, -ZONE_BARS:-2]
    up, down = weighted_sum(np.maximum(rows.lowest_since[:, :, 2:] - tops, 0.0), ZONE_DECAY[2:]) / rows.atr
    return up - down, (up + down + 0.02) / (up + down + 0.5)


def order_blocks(rows: Rows) -> tuple[Floats, Floats]:
    """Return the order blocks of 60 bars, bullish minus bearish: "blocks", -24..24, mostly -3..3.

    A bullish block is a falling bar before a rise. It shows demand below the price. A bearish block is its mirror image. A
    block counts tanh(distance in ATR-14 of the third close after it beyond its range) * (body / range) * (share of its range
    that later prices have not traded through). Each bar has 0.97 times the weight of the next. Confidence, NaN cases and
    source are as in `fair_value_gaps`."""
    first = slice(None, -IMPULSE_BARS - 1)
    top, bottom = rows.two_sided_highs[:, :, -ZONE_BARS : -IMPULSE_BARS - 1], rows.two_sided_lows[:, :, first]
    spread = np.maximum(top - bottom, FLAT)
    opened = rows.open[:, -ZONE_BARS : -IMPULSE_BARS - 1]
    body = np.maximum(np.stack((opened, -opened)) - rows.two_sided_closes[:, :, first], 0.0)
    impulse = np.tanh(np.maximum((rows.two_sided_closes[:, :, IMPULSE_BARS:-1] - top) / rows.atr[:, None], 0.0))
    left = np.minimum(np.maximum((rows.lowest_since[:, :, IMPULSE_BARS + 1 :] - bottom) / spread, 0.0), 1.0)
    up, down = weighted_sum(impulse * (body / spread) * left, ZONE_DECAY[first])
    return up - down, (up + down + 0.02) / (up + down + 0.5)


NO_SWINGS = "no confirmed swings, or the market did not move"
COMPONENTS = (
    CandleComponentSpec(
        name="swings",
        weight=0.20,
        unit="ATR",
        scale=4.0,
        bullish="the last swing high and low rose on average",
        bearish="the last swing high and low fell on average",
        min_bars=20,
        missing="needs two confirmed swing highs and two lows",
        read=swings,
    ),
    CandleComponentSpec(
        name="break_of_structure",
        weight=0.14,
        unit="breaks",
        scale=1.5,
        bullish="the price closed above a swing high while swings rose",
        bearish="the price closed below a swing low while swings fell",
        min_bars=20,
        missing=NO_SWINGS,
        read=break_of_structure,
    ),
    CandleComponentSpec(
        name="change_of_character",
        weight=0.10,
        unit="breaks",
        scale=1.0,
        bullish="the price closed above a swing high while swings fell",
        bearish="the price closed below a swing low while swings rose",
        min_bars=20,
        missing=NO_SWINGS,
        read=change_of_character,
    ),
    CandleComponentSpec(
        name="moving_averages",
        weight=0.20,
        unit="ratio",
        scale=0.80,
        bullish="faster averages are above slower ones on balance",
        bearish="faster averages are below slower ones on balance",
        min_bars=EMA_SPANS[-1],
        read=moving_averages,
    ),
    CandleComponentSpec(
        name="room",
        weight=0.11,
        unit="log ratio",
        scale=1.5,
        bullish="support is nearer than resistance",
        bearish="resistance is nearer than support",
        min_bars=20,
        missing=NO_SWINGS,
        read=room,
    ),
    CandleComponentSpec(
        name="donchian",
        weight=0.11,
        unit="ratio",
        scale=0.90,
        bullish="the price is in the upper half of its channel",
        bearish="the price is in the lower half of its channel",
        min_bars=DONCHIAN_BARS,
        read=donchian,
    ),
    CandleComponentSpec(
        name="fair_value_gaps",
        weight=0.07,
        unit="ATR",
        scale=3.0,
        bullish="open gaps lie below the price",
        bearish="open gaps lie above the price",
        min_bars=ZONE_BARS,
        read=fair_value_gaps,
    ),
    CandleComponentSpec(
        name="order_blocks",
        weight=0.07,
        unit="blocks",
        scale=1.5,
        bullish="untested demand lies below the price",
        bearish="untested supply lies above the price",
        min_bars=ZONE_BARS,
        read=order_blocks,
    ),
)
