"""The product's own signals: their results, and their moves against random entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import LEVEL, student_quantile
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.records import SignalStatus
from virtuoso.evaluate.panel import Panel, delayed_returns

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Signal

PAGE = 1000
MIN_DAYS = 5
"""The minimum number of days with a signal for an interval."""


class SignalResult(NamedTuple):
    """The mean of one figure over signals, with its 95 % interval. For moves, `baseline` is the mean of random entries, and
    the interval is that of the difference. NaN where a figure cannot be computed."""

    name: str
    signals: int
    mean: float
    baseline: float
    low: float
    high: float


async def read_signals(history: HistoryReader, venue: str, *, start_ms: int, end_ms: int) -> list[Signal]:
    """Return the signals of a venue that were opened from `start_ms` up to, but not including, `end_ms` (epoch ms). Raise
    HistoryError when the history cannot be read."""
    found: list[Signal] = []
    before = (end_ms, "")
    while page := await history.signals(venue, before=before, limit=PAGE):
        inside = [signal for signal in page if signal.opened_ms >= start_ms]
        found += inside
        before = (page[-1].opened_ms, page[-1].id)
        if len(inside) < len(page):
            break
    return found


def judge_signals(signals: Sequence[Signal], panel: Panel) -> list[SignalResult]:
    """Return the results in R of closed signals, before and after costs, and the moves of all signals over each horizon,
    basis points. The result after costs is compared with that of the stored random entry of each signal.

    A move begins at the first step after the opening and counts in the signal's direction. Its baseline is the mean move of
    the same symbol, in the same direction, at the same time of day, on all other days of the panel. So a rise of the whole
    market, and a coin that always rises, help neither."""
    closed = [signal for signal in signals if signal.status is not SignalStatus.ACTIVE]
    days = [signal.opened_ms // DAY_MS for signal in closed]
    mean, low, high = clustered_mean([signal.result_r for signal in closed], days)
    results = [SignalResult("result, R", len(closed), mean, math.nan, low, high), _net_result(closed)]
    columns = {symbol: column for column, symbol in enumerate(panel.symbols)}
    day_steps = DAY_MS // panel.grid.step_ms
    for horizon, steps in panel.grid.horizons.items():
        returns = 1e4 * delayed_returns(panel.price[:], steps, 0)
        moves, baselines, opened = [], [], []
        for signal in signals:
            step = -(-(signal.opened_ms - int(panel.clock_ms[0])) // panel.grid.step_ms)
            if signal.symbol not in columns or not 0 <= step < len(returns):
                continue
            of_symbol = returns[:, columns[signal.symbol]]
            others = of_symbol[step % day_steps :: day_steps]
            others = np.delete(others, step // day_steps)
            others = others[np.isfinite(others)]
            if np.isfinite(of_symbol[step]) and len(others):
                moves.append(signal.side.sign * float(of_symbol[step]))
                baselines.append(signal.side.sign * float(others.mean()))
                opened.append(signal.opened_ms // DAY_MS)
        _, low, high = clustered_mean(np.subtract(moves, baselines), opened)
        results.append(SignalResult(f"move in {horizon}, bp", len(moves), _mean(moves), _mean(baselines), low, high))
    return results


def _net_result(closed: Sequence[Signal]) -> SignalResult:
    """Return the results after costs of the signals whose random entry has ended too, against those of these entries."""
    known = [
        (net, baseline, one.opened_ms // DAY_MS)
        for one in closed
        if (net := one.net_r) is not None and (baseline := one.baseline_r) is not None
    ]
    nets, baselines, days = ([row[place] for row in known] for place in range(3))
    _, low, high = clustered_mean(np.subtract(nets, baselines), [int(day) for day in days])
    return SignalResult("result after costs, R", len(known), _mean(nets), _mean(baselines), low, high)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def clustered_mean(values: Sequence[float] | Floats, days: Sequence[int]) -> tuple[float, float, float]:
    """Return (mean, low, high): the mean and its 95 % interval. Signals of one day are not independent: the standard error
    is that of the sums of each day (Liang and Zeger 1986), with Student's t of (number of days - 1) degrees of freedom. The
    interval is NaN with fewer than MIN_DAYS days."""
    count, clusters = len(values), sorted(set(days))
    if not count:
        return math.nan, math.nan, math.nan
    mean = float(np.mean(values))
    if len(clusters) < MIN_DAYS:
        return mean, math.nan, math.nan
    away = np.asarray(values) - mean
    sums = np.bincount(np.searchsorted(clusters, days), away)
    share = len(clusters) / (len(clusters) - 1)
    reach = student_quantile(LEVEL, len(clusters) - 1) * math.sqrt(share * float(sums @ sums)) / count
    return mean, mean - reach, mean + reach


def signal_sentence(results: Sequence[SignalResult]) -> str:
    """Return in words whether the signals were better than random entries."""
    known = [one for one in results if not math.isnan(one.baseline) and not math.isnan(one.low)]
    better, worse = ([one.name for one in known if one.low > 0], [one.name for one in known if one.high < 0])
    if not known:
        return f"Signals: too few for an interval, which needs {MIN_DAYS} days with a signal."
    parts = [
        *([f"shown to be better than random entries: {'; '.join(better)}"] if better else []),
        *([f"shown to be worse: {'; '.join(worse)}"] if worse else []),
    ]
    return f"Signals: {'; '.join(parts) or 'nothing shown'}. Moves are before costs."
