"""Price structure: where is the price within the levels that it made itself? Per timeframe, on log prices.

A swing high is a bar whose high is above those of the 3 bars before it and not below those of the 3 after it; it counts
from the close of the third bar after it, never earlier, and for 200 bars. Swing lows are its mirror. Each function takes
bars and gives (readings, confidences) at the last `bars.tail` bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import talib

from virtuoso.analysis.bars import FLAT, Bars
from virtuoso.analysis.gauges import BarGauge

if TYPE_CHECKING:
    from virtuoso.model import Floats, Millis

WING = 3
REACH = 200
BREAK_BARS = 24
BREAK_DECAY = 0.88 ** np.arange(BREAK_BARS - 1, -1, -1.0)
DONCHIAN_BARS = 55
ROOM_LIMIT = 12.0  # ATR: with no level within this, the room is this
ROOM_NEAR = 0.5  # ATR added to both rooms, so that touching a level is not an infinite ratio
ZONE_BARS = 60
ZONE_DECAY = 0.97 ** np.arange(ZONE_BARS - 1, -1, -1.0)
IMPULSE_BARS = 3
SPANS = (20, 50, 200)
EMA_BARS = 300
EMA_WEIGHTS = np.stack([(1 - 2 / (s + 1)) ** np.arange(EMA_BARS - 1, -1, -1.0) for s in SPANS], axis=1)
EMA_TOTALS = np.cumsum(EMA_WEIGHTS[::-1], axis=0)  # row n - 1: total weight of the last n bars
EMA_STEPS = np.array((1.5, 2.0, 4.0))  # ATR: the usual size of the three gaps of the stack
BLOCK = 256


class Swings(NamedTuple):
    """Confirmed swings of one kind: the bars at whose close they became known, rising, and their log prices."""

    known: Millis
    price: Floats

    def latest(self, bars: Millis) -> tuple[Floats, Floats]:
        """Log prices of the last and the last but one swing known at each bar; NaN where there is none within reach."""
        known = np.concatenate((_NEVER, self.known))
        price = np.concatenate((_NOWHERE, self.price))
        index = np.searchsorted(known, bars, side="right")
        oldest = bars - REACH
        last, former = index - 1, index - 2
        return np.where(known[last] > oldest, price[last], np.nan), np.where(known[former] > oldest, price[former], np.nan)


_NEVER = np.array((-(10**9), -(10**9)))
_NOWHERE = np.array((np.nan, np.nan))


def swing_highs(high: Floats) -> Swings:
    """Confirmed swing highs of a series of highs; of lows: `swing_highs(-low)` with prices negated."""
    if len(high) < 2 * WING + 1:
        return Swings(np.empty(0, np.int64), np.empty(0))
    top = talib.MAX(high, 2 * WING + 1)[2 * WING :]
    before = talib.MAX(high, WING)[WING - 1 : -WING - 1]
    middle = high[WING:-WING]
    at = ((middle == top) & (middle > before)).nonzero()[0]
    return Swings(at + 2 * WING, middle[at])


class Structure:
    """Swings of one series of bars, and what several gauges make of them."""

    def __init__(self, bars: Bars) -> None:
        self.highs = swing_highs(bars.high)
        lows = swing_highs(-bars.low)
        self.lows = Swings(lows.known, -lows.price)
        size = min(bars.count, bars.tail + BREAK_BARS - 1)
        at = np.arange(bars.count - size, bars.count)
        atr = bars.every_atr[-size:]
        close = bars.close[-size:]
        high, former_high = self.highs.latest(at)
        low, former_low = self.lows.latest(at)
        trend = (high - former_high + low - former_low) / (2 * atr)
        up = np.fmax(np.tanh((close - high) / atr), 0.0)  # fmax: NaN, where there is nothing to break, becomes 0
        down = np.fmax(np.tanh((low - close) / atr), 0.0)
        lean = np.tanh(trend / 2)
        self.trend: Floats = trend[-bars.tail :]
        self.known: Floats = (0 * (high + low + atr) + 1)[-bars.tail :]  # NaN where one of them is
        with_trend, against = np.fmax(lean, 0.0), np.fmax(-lean, 0.0)
        self.breaks = self._decayed(bars, up * with_trend, down * against)
        self.turns = self._decayed(bars, up * against, down * with_trend)

    def _decayed(self, bars: Bars, up: Floats, down: Floats) -> tuple[Floats, Floats]:
        """(net of up less down, quality) of what happened in the last 24 bars, older bars counting less."""
        width, tail = BREAK_BARS, bars.tail
        lacking = max(0, tail + width - 1 - len(up))
        if lacking:
            up, down = (np.concatenate((np.zeros(lacking), a)) for a in (up, down))
        shape = np.lib.stride_tricks.sliding_window_view
        rise, fall = (a[None, :] if tail == 1 else shape(a, width)[-tail:] for a in (up, down))
        rises, falls = rise @ BREAK_DECAY, fall @ BREAK_DECAY
        return (rises - falls) * self.known, (rises + falls + 0.05) / (rises + falls + 0.8)


def _structure(bars: Bars) -> Structure:
    """The bars' structure, made once."""
    made = bars.extra.get("structure")
    if not isinstance(made, Structure):
        made = bars.extra["structure"] = Structure(bars)
    return made


def swings(bars: Bars) -> tuple[Floats, float]:
    """Mean of the steps between the last two swing highs and between the last two swing lows, in ATR-14: above 0 for
    higher highs and higher lows, below 0 for lower ones. Absent before two of each are confirmed."""
    return _structure(bars).trend, 1.0


def break_of_structure(bars: Bars) -> tuple[Floats, Floats]:
    """Closes beyond the last swing high (low) while the swings already rise (fall): how far in ATR (through tanh), times
    how clearly they do, summed over 24 bars, each older one counting 0.88 of the next. Little confidence without a break."""
    return _structure(bars).breaks


def change_of_character(bars: Bars) -> tuple[Floats, Floats]:
    """As `break_of_structure`, for closes above a swing high while the swings fall, and below a low
    while they rise (bearish): the trend may be turning."""
    return _structure(bars).turns


def room(bars: Bars) -> tuple[Floats, float]:
    """log((room above + 0.5) / (room below + 0.5)), rooms in ATR-14 from the close to the next confirmed swing either way,
    at most 12. Bullish with support near and resistance far: there is more to gain than to lose."""
    structure = _structure(bars)
    price = np.concatenate((structure.highs.price, structure.lows.price))
    known = np.concatenate((structure.highs.known, structure.lows.known))
    at = np.arange(bars.count - bars.tail, bars.count)
    reading = np.full(bars.tail, np.nan)
    for begin in range(0, bars.tail if len(price) else 0, BLOCK):
        part = slice(begin, begin + BLOCK)
        now = at[part, None]
        seen = (known[None, :] <= now) & (known[None, :] > now - REACH)
        gap = (price[None, :] - bars.last[part, None]) / bars.atr[part, None]
        above = np.where(seen & (gap > 0), gap, ROOM_LIMIT).min(axis=1)
        below = np.where(seen & (gap < 0), -gap, ROOM_LIMIT).min(axis=1)
        ratio = np.log((np.minimum(above, ROOM_LIMIT) + ROOM_NEAR) / (np.minimum(below, ROOM_LIMIT) + ROOM_NEAR))
        reading[part] = np.where(seen.any(axis=1) & ~np.isnan(bars.atr[part]), ratio, np.nan)
    return reading, 1.0


def moving_averages(bars: Bars) -> tuple[Floats, float]:
    """How far close, EMA-20, EMA-50 and EMA-200 are stacked upwards, -1..1: mean of tanh of the three gaps over 1.5, 2 and
    4 ATR-14. The averages are of the last 300 bars (fewer in a young market), weights (1 - 2 / (span + 1)) ** age scaled
    to add up to 1, so they do not depend on how much older history there is."""
    tail, count = bars.tail, bars.count
    width = min(EMA_BARS, count)
    if tail == 1:
        averages = (bars.close[-width:] @ EMA_WEIGHTS[-width:] / EMA_TOTALS[width - 1])[None, :]
    else:
        close = np.concatenate((np.zeros(EMA_BARS - 1), bars.close))
        seen = np.minimum(np.arange(count - tail, count), EMA_BARS - 1)
        averages = np.lib.stride_tricks.sliding_window_view(close, EMA_BARS)[-tail:] @ EMA_WEIGHTS / EMA_TOTALS[seen]
        averages[seen < SPANS[-1] - 1] = np.nan
    levels = np.concatenate((bars.last[:, None], averages), axis=1)
    gaps = (levels[:, :-1] - levels[:, 1:]) / bars.atr[:, None]
    return np.tanh(gaps / EMA_STEPS).sum(axis=1) / len(SPANS), 1.0


def donchian(bars: Bars) -> tuple[Floats, float]:
    """Place of the close in the Donchian channel of 55 bars: -1 at its low, 1 at its high (log)."""
    top, bottom = (f(a, DONCHIAN_BARS)[-bars.tail :] for f, a in ((talib.MAX, bars.high), (talib.MIN, bars.low)))
    spread = top - bottom
    return (2 * bars.last - top - bottom) / np.where(spread > FLAT, spread, np.nan), 1.0


def fair_value_gaps(bars: Bars) -> tuple[Floats, Floats]:
    """Open fair-value gaps of 60 bars: bullish ones (a low above the high two bars before) less bearish ones, the part of
    each that later bars have not traded through, in ATR-14, each older bar counting 0.97. Little confidence without gaps."""
    high, low = _paths(bars)
    up = np.maximum(_lowest_since(low)[:, 2:] - high[:, :-2], 0.0) @ ZONE_DECAY[2:] / bars.atr
    down = np.maximum(low[:, :-2] + _lowest_since(-high)[:, 2:], 0.0) @ ZONE_DECAY[2:] / bars.atr
    return up - down, (up + down + 0.02) / (up + down + 0.5)


def order_blocks(bars: Bars) -> tuple[Floats, Floats]:
    """Order blocks of 60 bars: the last falling bar before a rise (bullish) or rising bar before a fall (bearish). Each
    counts by how far the third close after it went beyond its range (ATR-14, through tanh), by how much of the range was
    body, and by the part of the range that price has not come back through; each older bar counts 0.97. Bullish: demand is
    waiting below. Little confidence without blocks."""
    high, low = _paths(bars)
    opened, closed = bars.rolling(bars.open, ZONE_BARS), bars.rolling(bars.close, ZONE_BARS)
    first = slice(None, -IMPULSE_BARS - 1)
    body, top, bottom = (closed - opened)[:, first], high[:, first], low[:, first]
    spread = np.maximum(top - bottom, FLAT)
    impulse = closed[:, IMPULSE_BARS:-1]
    atr = bars.atr[:, None]
    left_up = np.minimum(np.maximum((_lowest_since(low)[:, IMPULSE_BARS + 1 :] - bottom) / spread, 0.0), 1.0)
    left_down = np.minimum(np.maximum((top + _lowest_since(-high)[:, IMPULSE_BARS + 1 :]) / spread, 0.0), 1.0)
    fell, rose = np.maximum(-body, 0.0) / spread, np.maximum(body, 0.0) / spread
    weight = ZONE_DECAY[first]
    up = np.tanh(np.maximum((impulse - top) / atr, 0.0)) * fell * left_up @ weight
    down = np.tanh(np.maximum((bottom - impulse) / atr, 0.0)) * rose * left_down @ weight
    return up - down, (up + down + 0.02) / (up + down + 0.5)


def _paths(bars: Bars) -> tuple[Floats, Floats]:
    """Highs and lows of the last 60 bars at each of the last `tail` bars."""
    return bars.rolling(bars.high, ZONE_BARS), bars.rolling(bars.low, ZONE_BARS)


def _lowest_since(low: Floats) -> Floats:
    """Lowest value from each bar to the end of its window."""
    lowest: Floats = np.minimum.accumulate(low[:, ::-1], axis=1)[:, ::-1]
    return lowest


NO_SWINGS = "no confirmed swings, or the market did not move"
GAUGES = (
    BarGauge(
        "swings",
        0.20,
        "ATR",
        2.5,
        "highs and lows rise",
        "highs and lows fall",
        need=20,
        absence="fewer than two confirmed swings on each side",
        read=swings,
    ),
    BarGauge(
        "break_of_structure",
        0.14,
        "breaks",
        1.2,
        "price broke above a swing high with the trend",
        "price broke below a swing low with the trend",
        need=20,
        absence=NO_SWINGS,
        read=break_of_structure,
    ),
    BarGauge(
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
    BarGauge(
        "moving_averages",
        0.20,
        "ratio",
        0.80,
        "the averages are stacked upwards",
        "the averages are stacked downwards",
        need=SPANS[-1],
        read=moving_averages,
    ),
    BarGauge(
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
    BarGauge(
        "donchian",
        0.11,
        "ratio",
        0.90,
        "price is high in its channel",
        "price is low in its channel",
        need=DONCHIAN_BARS,
        read=donchian,
    ),
    BarGauge(
        "fair_value_gaps",
        0.07,
        "ATR",
        1.5,
        "open gaps lie below the price",
        "open gaps lie above the price",
        need=ZONE_BARS,
        read=fair_value_gaps,
    ),
    BarGauge(
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
