"""Statistics of closed signals: counts, win rates and results. Results are in R, the distance from entry to stop (see
`signals`). Before costs, a stopped signal without a target hit has about -1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from virtuoso.analysis.signal_evidence import signal_evidence
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.records import Side, SignalRecord, SignalResult, SignalTally

Z_95 = 1.959963984540054
"""The distance from 0 that contains 95 % of a standard normal distribution."""


def signal_tally(signals: Sequence[SignalResult]) -> SignalTally:
    """Return the SignalTally of a group of closed signals. A result above 0, before costs, is a win.

    win_rate = wins / count, with its Wilson interval; mean_r = sum / count; expectancy_r = win rate * mean win - loss rate *
    mean loss, which equals mean_r; mean_net_r is the mean after costs, of the signals with known costs. Without a result,
    all figures except the counts are None. Raise ValueError when a result is not a finite number."""
    results = [one.result_r for one in signals]
    net = [one.net_r for one in signals if one.net_r is not None]
    if not all(map(math.isfinite, (*results, *net))):
        raise ValueError("a result is not a finite number")
    count, won, lost = len(results), [r for r in results if r > 0], [r for r in results if r <= 0]
    if not count:
        return SignalTally(count=0, wins=0)
    low, high = wilson_interval(len(won), count)
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
        mean_net_r=math.fsum(net) / len(net) if net else None,
    )


def wilson_interval(wins: int, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval (low, high) of a win rate, 0-1 each:
    (p + z^2/2n +- z sqrt(p(1 - p)/n + z^2/4n^2)) / (1 + z^2/n).

    It remains valid for small counts and for rates of 0 and 1 (Wilson 1927, JASA 22). Raise ValueError when `count` is below
    1 or `wins` is not between 0 and `count`."""
    if not 0 <= wins <= count or count < 1:
        raise ValueError(f"{wins} wins of {count}: must be 0 to count, and count at least 1")
    rate, square = wins / count, Z_95 * Z_95
    centre, scale = rate + square / (2 * count), 1 + square / count
    reach = Z_95 * math.sqrt(rate * (1 - rate) / count + square / (4 * count * count))
    low, high = (centre - reach) / scale, (centre + reach) / scale
    return 0.0 if wins == 0 else low, 1.0 if wins == count else high  # exact, without a rounding error


def signal_record(results: Iterable[SignalResult]) -> SignalRecord:
    """Return the SignalTally of all results, of each side, and of each first (strongest) driver, and what they show.

    A result without drivers counts only in the total and for its side. A group without results is left out."""
    known = list(results)
    by_side = {side: [one for one in known if one.side == side] for side in Side}
    by_driver = {kind: [one for one in known if one.drivers[:1] == (kind,)] for kind in DimensionKind}
    return SignalRecord(
        all=signal_tally(known),
        sides={side: signal_tally(group) for side, group in by_side.items() if group},
        drivers={kind: signal_tally(group) for kind, group in by_driver.items() if group},
        since_ms=min((one.opened_ms for one in known), default=None),
        evidence=signal_evidence(known),
    )
