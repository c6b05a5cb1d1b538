"""The plan of a trade: entry, stop, targets and their chances, from the price and its usual range.

    distance = 2.4 * median true range of the last 96 closed 30m bars, in log prices, between 0.3 % and 8 %

A median: half of the bars would have to be extreme before it is. One wick, or one bar of a crash, changes nothing. In normal
markets, 2.4 medians are about two ATR.

The range of a random walk over one bar has the median 1.5 standard deviations. So the deviation until expiry is median / 1.5
* sqrt(lifetime / 30 minutes). The probability that a walk without drift reaches a distance within that time is 2 * (1 -
Phi(distance / deviation)), by the reflection principle. It leaves out the stop, so the plan reaches its target at most so
often. A target with a probability below 5 % is left out, and the part that it would close stays with the last one before it.

Prices are multiples of the tick size. A plan in which two of them are equal does not exist.
"""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import FLAT, closed_bars
from virtuoso.domain.model import Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.bars import Bars
    from virtuoso.domain.model import Candles, Floats
    from virtuoso.domain.records import Side

TARGETS_R = (1.5, 3.0, 5.0)
SIZES = (0.5, 0.3, 0.2)
STOP_TIMEFRAME = Timeframe.M30
STOP_RANGES = 2.4
"""The distance of the stop in median true ranges."""
RANGE_BARS, MIN_RANGE_BARS = 96, 50
RANGE_DEVIATIONS = 1.5
"""The median range of a random walk over one bar, in standard deviations of the move over that bar."""
MIN_STOP_DISTANCE, MAX_STOP_DISTANCE = 0.003, 0.08
"""Log distances. A nearer stop would be within trading costs. A more distant one would ask for moves that no day has."""
MIN_CHANCE = 0.05


class Plan(NamedTuple):
    """The prices of a trade. The sizes add up to 1."""

    entry: float
    stop: float
    targets: tuple[float, ...]  # nearest first
    sizes: tuple[float, ...]
    chances: tuple[float, ...]


def trade_plan(
    side: Side, price: float, candles: Candles | None, now_ms: int, *, tick_size: float | None, lifetime_ms: int
) -> Plan | None:
    """Return the plan of an entry at `price` at `now_ms` (epoch ms). None without a usual range, without a target that has a
    chance, or when prices are equal at the tick size."""
    usual = median_range(candles, now_ms)
    if usual is None:
        return None
    distance = stop_distance(usual)
    deviation = usual / RANGE_DEVIATIONS * math.sqrt(lifetime_ms / STOP_TIMEFRAME.ms)
    entry = _at_tick(price, tick_size)
    stop = _at_tick(price * math.exp(-side.sign * distance), tick_size)
    targets = [_at_tick(price * math.exp(side.sign * r * distance), tick_size) for r in TARGETS_R]
    if not all(before < after for before, after in pairwise(side.sign * each for each in (stop, entry, *targets))):
        return None
    if min(entry, stop, *targets) <= 0:
        return None
    chances = [chance(math.log(target / entry), deviation) for target in targets]
    count = sum(each >= MIN_CHANCE for each in chances)
    if not count:
        return None
    sizes = (*SIZES[: count - 1], math.fsum(SIZES[count - 1 :]))
    return Plan(entry, stop, tuple(targets[:count]), sizes, tuple(chances[:count]))


def median_range(candles: Candles | None, now_ms: int) -> float | None:
    """Return the median true range, in log prices, of the last 96 30m bars that had closed at `now_ms` (epoch ms). None with
    fewer than 50 bars, or when most of them did not move."""
    bars = None if candles is None else closed_bars(candles, now_ms)
    if bars is None or bars.count <= MIN_RANGE_BARS:
        return None
    usual = float(np.median(_true_ranges(bars)[-RANGE_BARS:]))
    return usual if usual > FLAT else None


def stop_distance(usual_range: float) -> float:
    """Return the log distance from entry to stop for a median true range."""
    return min(MAX_STOP_DISTANCE, max(MIN_STOP_DISTANCE, STOP_RANGES * usual_range))


def chance(distance: float, deviation: float) -> float:
    """Return the probability that a random walk without drift reaches a log distance, when its end has this deviation."""
    return math.erfc(abs(distance) / (deviation * math.sqrt(2)))


def _true_ranges(bars: Bars) -> Floats:
    """Return the range of each bar but the first, from the close before it on."""
    before = bars.close[:-1]
    ranges: Floats = np.maximum(bars.high[1:], before) - np.minimum(bars.low[1:], before)
    return ranges


def _at_tick(price: float, tick_size: float | None) -> float:
    """Return the nearest multiple of the tick size."""
    return float(round(price / tick_size) * Decimal(repr(tick_size))) if tick_size else price
