"""The record of closed signals: how many, how many won, and what they made. Plain Python: needs no arrays.

Everything is in R, the distance from entry to stop (see `signals`): a stopped signal made about -1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from virtuoso.domain.model import DimensionKind
from virtuoso.domain.records import Side, SignalRecord, SignalTally

Z_95 = 1.959963984540054  # of the normal distribution: 95 % lie within

Result = tuple[Side, tuple[DimensionKind, ...], float]
"""(side, drivers with the strongest first, result in R) of a closed signal, as HistoryReader.results gives it."""


def tally(results: Sequence[float]) -> SignalTally:
    """One group of results in R. A win made more than 0.

    win_rate = wins / count, with its Wilson interval; mean_r = sum / count; expectancy_r = win rate x mean win - loss rate x
    mean loss, what the next one makes if it is like these: the same number as mean_r, by its other road. All None without a
    result. ValueError when one is not a finite number."""
    if not all(math.isfinite(r) for r in results):
        raise ValueError("a result is not a finite number")
    count, won, lost = len(results), [r for r in results if r > 0], [r for r in results if r <= 0]
    if not count:
        return SignalTally(count=0, wins=0)
    low, high = wilson(len(won), count)
    mean_win = math.fsum(won) / len(won) if won else 0.0
    mean_loss = -math.fsum(lost) / len(lost) if lost else 0.0
    return SignalTally(
        count=count,
        wins=len(won),
        win_rate=len(won) / count,
        win_rate_low=low,
        win_rate_high=high,
        mean_r=math.fsum(results) / count,
        expectancy_r=len(won) / count * mean_win - len(lost) / count * mean_loss,
    )


def wilson(wins: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate, 0-1 each: (p + z^2/2n +- z sqrt(p(1 - p)/n + z^2/4n^2)) / (1 + z^2/n). Unlike the plain
    one it is honest for few and for none or all (Wilson 1927, JASA 22). ValueError when `count` is below 1 or `wins` no
    part of it."""
    if not 0 <= wins <= count or count < 1:
        raise ValueError(f"{wins} wins of {count}: must be 0 to count, and count at least 1")
    rate, square = wins / count, Z_95 * Z_95
    centre, scale = rate + square / (2 * count), 1 + square / count
    reach = Z_95 * math.sqrt(rate * (1 - rate) / count + square / (4 * count * count))
    low, high = (centre - reach) / scale, (centre + reach) / scale
    return 0.0 if wins == 0 else low, 1.0 if wins == count else high  # exactly so, but for rounding


def tallies(results: Iterable[Result]) -> SignalRecord:
    """All results, by side, and by the dimension that drove each most (its first driver; results without one are in the
    total only). Groups without a result are left out."""
    known = list(results)
    by_side = {side: [r for s, _, r in known if s == side] for side in Side}
    by_driver = {kind: [r for _, drivers, r in known if drivers[:1] == (kind,)] for kind in DimensionKind}
    return SignalRecord(
        all=tally([r for _, _, r in known]),
        sides={side: tally(rs) for side, rs in by_side.items() if rs},
        drivers={kind: tally(rs) for kind, rs in by_driver.items() if rs},
    )
