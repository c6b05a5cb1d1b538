"""Price structure: where is the price within the levels that it made itself? Per timeframe, on log prices.

A swing high is a bar whose high is above those of the 3 bars before it and not below those of the 3 after it; it counts
from the close of the third bar after it, never earlier, as long as it is among the last 240 bars. Swing lows are its mirror.
Each function gives (readings, confidences) of shape (rows,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import FLAT, WIDTH, Rows, weighted
from virtuoso.analysis.components import CandleComponentSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

WING = 3
SWING_BARS = 240
BREAK_BARS = 24
BREAK_DECAY = 0.88 ** np.arange(BREAK_BARS - 1, -1, -1.0)
DONCHIAN_BARS = 55
ROOM_LIMIT = 12.0  # ATR: with no level within this, the room is this
ROOM_NEAR = 0.5  # ATR added to both rooms, so that touching a level is not an infinite ratio
ZONE_BARS = 60
ZONE_DECAY = 0.97 ** np.arange(ZONE_BARS - 1, -1, -1.0)
IMPULSE_BARS = 3
SPANS = (20, 50, 200)
EMA_WEIGHTS = np.stack([(1 - 2 / (s + 1)) ** np.arange(WIDTH - 1, -1, -1.0) for s in SPANS])
EMA_TOTALS = np.cumsum(EMA_WEIGHTS[:, ::-1], axis=1).T  # row n - 1: total weight of the last n bars
EMA_STEPS = np.array((1.5, 2.0, 4.0))  # ATR: the usual size of the three gaps of the stack


class Swings:
    """Confirmed swings of rows, side 0 highs and side 1 lows (negated, so that both are highs), and what several gauges
    make of them. `level` (2, rows, n): log price of each middle bar; `confirmed`: whether it is a swing."""

    def __init__(self, rows: Rows) -> None:
        self.level, self.confirmed = _swings(rows.ceilings[:, :, -SWING_BARS:])
        atr = rows.atr[:, None]
        last, former = _latest(self.level, self.confirmed)
        step = last - former
        self.trend: Floats = (step[0] - step[1]) / (2 * atr)
        self.known: Floats = 0 * (last[0, :, -1] + last[1, :, -1] + rows.atr) + 1  # NaN where one of them is
        broken = np.fmax(np.tanh((rows.closes[:, :, -BREAK_BARS:] - last) / atr), 0.0)  # fmax: nothing to break is no break
        lean = np.tanh(self.trend / 2)
        with_it = np.fmax(np.stack((lean, -lean)), 0.0)
        self.breaks = self._decayed(broken * with_it)
        self.turns = self._decayed(broken * with_it[::-1])

    def _decayed(self, broken: Floats) -> tuple[Floats, Floats]:
        """(upward less downward, quality) of the breaks of the last 24 bars, older ones counting less."""
        up, down = weighted(broken, BREAK_DECAY)
        return (up - down) * self.known, (up + down + 0.05) / (up + down + 0.8)


def _swings(high: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(highs of the bars that have three on either side, which of them are swing highs). Shapes (2, rows, width - 6)."""
    middle = high[:, :, WING:-WING]
    size = middle.shape[2]
    confirmed = middle > high[:, :, :size]
    for before in range(1, WING):
        confirmed &= middle > high[:, :, before : before + size]
    for after in range(WING + 1, 2 * WING + 1):
        confirmed &= middle >= high[:, :, after : after + size]
    return middle, confirmed


def _latest(level: Floats, confirmed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Levels of the last and the last but one swing known at each of the last 24 bars, NaN without. (2, rows, 24)"""
    sides, rows, size = level.shape
    index = np.zeros((sides, rows, size + 1), dtype=np.intp)  # of the swing known last, one more than in `level`; 0: none
    np.multiply(confirmed, np.arange(1, size + 1), out=index[:, :, 1:])
    np.maximum.accumulate(index, axis=2, out=index)
    last = index[:, :, -BREAK_BARS:]
    former = np.take_along_axis(index, np.maximum(last - 1, 0), axis=2)
    return tuple(  # type: ignore[return-value]  # of two
        np.where(i > 0, np.take_along_axis(level, np.maximum(i - 1, 0), axis=2), np.nan) for i in (last, former)
    )


def swings(rows: Rows) -> tuple[Floats, float]:
    """Mean of the steps between the last two swing highs and between the last two swing lows, in ATR-14: above 0 for
    higher highs and higher lows, below 0 for lower ones. Unbounded, mostly -12..12 ATR. Absent before two of each are
    confirmed, and where nothing moves. (Dow's highs and lows.)"""
    return rows.derived(Swings).trend[:, -1], 1.0


def break_of_structure(rows: Rows) -> tuple[Floats, Floats]:
    """Closes beyond the last swing high (low) while the swings already rise (fall): how far in ATR (through tanh), times
    how clearly they do (tanh of half the trend of the swings), upward less downward, summed over 24 bars, each older one
    counting 0.88 of the next: "breaks", -8..8. 0 with little confidence without a break: (u + d + 0.05) / (u + d + 0.8).
    Absent without a swing on each side. (As traders of market structure use the word; the numbers are ours.)"""
    return rows.derived(Swings).breaks


def change_of_character(rows: Rows) -> tuple[Floats, Floats]:
    """As `break_of_structure`, for closes above a swing high while the swings fall, and below a low while they rise
    (bearish): the trend may be turning. Unit, range, absence and source are its."""
    return rows.derived(Swings).turns


def room(rows: Rows) -> tuple[Floats, float]:
    """log((room above + 0.5) / (room below + 0.5)), rooms in ATR-14 from the close to the next confirmed swing either way,
    at most 12 (12 where there is none): a log ratio, -3.2..3.2. Bullish with support near and resistance far: there is more
    to gain than to lose. Absent without any swing, and where nothing moves. (Ours.)"""
    made = rows.derived(Swings)
    sides = np.array((1.0, -1.0))[:, None, None]
    away = (made.level * sides - rows.last[:, None]) / rows.atr[:, None]
    above = np.where(made.confirmed & (away > 0), away, ROOM_LIMIT).min(axis=(0, 2))
    below = np.where(made.confirmed & (away < 0), -away, ROOM_LIMIT).min(axis=(0, 2))
    ratio = np.log((np.minimum(above, ROOM_LIMIT) + ROOM_NEAR) / (np.minimum(below, ROOM_LIMIT) + ROOM_NEAR))
    return np.where(made.confirmed.any(axis=(0, 2)) & (rows.atr > 0), ratio, np.nan), 1.0


def moving_averages(rows: Rows) -> tuple[Floats, float]:
    """How far close, EMA-20, EMA-50 and EMA-200 are stacked upwards, -1..1: mean of tanh of the three gaps over 1.5, 2 and
    4 ATR-14. The averages are of the last 300 bars (fewer in a young market), weights (1 - 2 / (span + 1)) ** age scaled
    to add up to 1, so they do not depend on how much older history there is. Absent where nothing moves, and before 200
    bars. (pandas' ewm(adjust=True) makes the same averages; the stack is ours.)"""
    away = rows.close - rows.last[:, None]  # from the close: sums of large logs would lose digits
    away[np.isnan(away)] = 0.0
    levels = np.zeros((len(away), 1 + len(SPANS)))
    levels[:, 1:] = weighted(away[:, None, :], EMA_WEIGHTS) / EMA_TOTALS[np.minimum(rows.count, WIDTH).astype(np.intp) - 1]
    gaps = (levels[:, :-1] - levels[:, 1:]) / rows.atr[:, None]
    return np.tanh(gaps / EMA_STEPS).sum(axis=1) / len(SPANS), 1.0


def donchian(rows: Rows) -> tuple[Floats, float]:
    """Place of the log close in the Donchian channel of 55 bars: (2 close - high - low) / (high - low), -1 at its low, 1 at
    its high. Absent when the channel has no width, and before 55 bars. (Donchian; TA-Lib MAX and MIN.)"""
    top, bottom = rows.high[:, -DONCHIAN_BARS:].max(axis=1), rows.low[:, -DONCHIAN_BARS:].min(axis=1)
    spread = top - bottom
    return (2 * rows.last - top - bottom) / np.where(spread > FLAT, spread, np.nan), 1.0


def fair_value_gaps(rows: Rows) -> tuple[Floats, Floats]:
    """Open fair-value gaps of 60 bars: bullish ones (a low above the high two bars before) less bearish ones, the part of
    each that later bars have not traded through, in ATR-14, each older bar counting 0.97. Unbounded, mostly -8..8; 0 with
    little confidence without gaps: (u + d + 0.02) / (u + d + 0.5). Absent where nothing moves, and before 60 bars. (As
    traders use the word; the numbers are ours.)"""
    tops = rows.ceilings[:, :, -ZONE_BARS:-2]
    up, down = weighted(np.maximum(rows.lowest_since[:, :, 2:] - tops, 0.0), ZONE_DECAY[2:]) / rows.atr
    return up - down, (up + down + 0.02) / (up + down + 0.5)


def order_blocks(rows: Rows) -> tuple[Floats, Floats]:
    """Order blocks of 60 bars: the last falling bar before a rise (bullish) or rising bar before a fall (bearish). Each
    counts by how far the third close after it went beyond its range (ATR-14, through tanh), by how much of the range was
    body, and by the part of the range that price has not come back through; each older bar counts 0.97. Bullish: demand is
    waiting below. "Blocks", -24..24, mostly -3..3; 0 with little confidence without any, as for gaps. Absent where
    nothing moves, and before 60 bars. (As traders use the word; the numbers are ours.)"""
    first = slice(None, -IMPULSE_BARS - 1)
    top, bottom = rows.ceilings[:, :, -ZONE_BARS : -IMPULSE_BARS - 1], rows.floors[:, :, first]
    span = np.maximum(top - bottom, FLAT)
    opened = rows.open[:, -ZONE_BARS : -IMPULSE_BARS - 1]
    body = np.maximum(np.stack((opened, -opened)) - rows.closes[:, :, first], 0.0)
    impulse = np.tanh(np.maximum((rows.closes[:, :, IMPULSE_BARS:-1] - top) / rows.atr[:, None], 0.0))
    left = np.minimum(np.maximum((rows.lowest_since[:, :, IMPULSE_BARS + 1 :] - bottom) / span, 0.0), 1.0)
    up, down = weighted(impulse * (body / span) * left, ZONE_DECAY[first])
    return up - down, (up + down + 0.02) / (up + down + 0.5)


NO_SWINGS = "no confirmed swings, or the market did not move"
COMPONENTS = (
    CandleComponentSpec(
        "swings",
        0.20,
        "ATR",
        4.0,
        "highs and lows rise",
        "highs and lows fall",
        need=20,
        absence="fewer than two confirmed swings on each side",
        read=swings,
    ),
    CandleComponentSpec(
        "break_of_structure",
        0.14,
        "breaks",
        1.5,
        "price broke above a swing high with the trend",
        "price broke below a swing low with the trend",
        need=20,
        absence=NO_SWINGS,
        read=break_of_structure,
    ),
    CandleComponentSpec(
        "change_of_character",
        0.10,
        "breaks",
        1.0,
        "price broke above a swing high against the trend",
        "price broke below a swing low against the trend",
        need=20,
        absence=NO_SWINGS,
        read=change_of_character,
    ),
    CandleComponentSpec(
        "moving_averages",
        0.20,
        "ratio",
        0.80,
        "the averages are stacked upwards",
        "the averages are stacked downwards",
        need=SPANS[-1],
        read=moving_averages,
    ),
    CandleComponentSpec(
        "room",
        0.11,
        "log ratio",
        1.5,
        "support is nearer than resistance",
        "resistance is nearer than support",
        need=20,
        absence=NO_SWINGS,
        read=room,
    ),
    CandleComponentSpec(
        "donchian",
        0.11,
        "ratio",
        0.90,
        "price is high in its channel",
        "price is low in its channel",
        need=DONCHIAN_BARS,
        read=donchian,
    ),
    CandleComponentSpec(
        "fair_value_gaps",
        0.07,
        "ATR",
        3.0,
        "open gaps lie below the price",
        "open gaps lie above the price",
        need=ZONE_BARS,
        read=fair_value_gaps,
    ),
    CandleComponentSpec(
        "order_blocks",
        0.07,
        "blocks",
        1.5,
        "untested demand lies below the price",
        "untested supply lies above the price",
        need=ZONE_BARS,
        read=order_blocks,
    ),
)
