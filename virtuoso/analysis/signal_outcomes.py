"""What becomes of a signal: stop, targets, expiry and result, from the bars that open after it.

Outcomes are evaluated on closed 1m bars, and on 5m bars where 1m bars are missing. Only bars that open after the signal
count: the rest of the minute in which it opened shows only in the next bar's open. Wicks count. When a bar touches both
stop and target, the stop was first. A bar that opens beyond the stop fills at its open. At the expiry the bar's close
counts. Fees and funding are not included.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import closed_bar_count
from virtuoso.domain.model import Timeframe
from virtuoso.domain.records import Signal, SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats, Millis

BAR_DELAY_MS = 120_000
"""A bar that has not come this long after its close counts as missing."""
ABANDON_MS = 6 * 3_600_000
"""How long after the expiry a bar may still come."""

M1_MS, M5_MS = Timeframe.M1.ms, Timeframe.M5.ms


def evaluate_outcome(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Signal:
    """Return the signal after all bars that had closed at `now_ms` (epoch ms) and were not evaluated before.

    Evaluating again changes nothing, and evaluating in steps gives the same as evaluating at once. A closed signal stays as
    it is. A gap that neither 1m nor 5m bars fill is skipped once those bars are overdue; when the gap contains the expiry,
    the first price after it counts. When no bar has come 6 hours after the expiry, the exit is unknown: the exit price is
    None and the open part counts as stopped, so that vanished markets do not improve the record."""
    if signal.status is not SignalStatus.ACTIVE:
        return signal
    for bar in _unevaluated_bars(signal, bars, now_ms):
        signal = _apply_bar(signal, bar)
        if signal.status is not SignalStatus.ACTIVE:
            return signal
    if now_ms >= signal.expires_ms + ABANDON_MS:
        return close_signal(signal, SignalStatus.EXPIRED, None, signal.expires_ms + ABANDON_MS)
    return signal


def close_signal(signal: Signal, status: SignalStatus, price: float | None, time_ms: int) -> Signal:
    """Return the signal with its open part closed at `price` and `time_ms` (epoch ms). A price of None is unknown and
    counts as the stop."""
    rest = math.fsum(signal.sizes[signal.targets_hit :])
    result = _realised_r(signal) + rest * _result_r(signal, signal.stop if price is None else price)
    return replace(signal, status=status, exit_price=price, closed_ms=time_ms, result_r=result)


def _apply_bar(signal: Signal, bar: _Bar) -> Signal:
    """Return an active signal after one more bar."""
    sign, stop = signal.side.sign, signal.stop
    worst, best = (bar.low, bar.high) if sign > 0 else (bar.high, bar.low)
    signal = replace(signal, judged_ms=max(signal.judged_ms, bar.end_ms))
    if bar.open_ms >= signal.expires_ms:  # the first price after a gap
        return close_signal(signal, SignalStatus.EXPIRED, bar.open, bar.open_ms)
    if sign * (worst - stop) <= 0:
        opened_beyond = sign * (bar.open - stop) < 0
        return close_signal(signal, SignalStatus.STOPPED, bar.open if opened_beyond else stop, bar.end_ms)
    hits = max(signal.targets_hit, sum(sign * (best - target) >= 0 for target in signal.targets))
    signal = replace(signal, targets_hit=hits)
    if hits == len(signal.targets):
        return close_signal(signal, SignalStatus.TARGETS_REACHED, signal.targets[-1], bar.end_ms)
    if bar.end_ms >= signal.expires_ms:
        return close_signal(signal, SignalStatus.EXPIRED, bar.close, bar.end_ms)
    return replace(signal, result_r=_realised_r(signal))


def _result_r(signal: Signal, price: float) -> float:
    """Return the result of a unit closed at `price`, in R."""
    return signal.side.sign * math.log(price / signal.entry) / abs(math.log(signal.stop / signal.entry))


def _realised_r(signal: Signal) -> float:
    """Return the result of the targets that were hit, in R, weighted by size."""
    hit = zip(signal.sizes, signal.targets[: signal.targets_hit], strict=False)
    return math.fsum(size * _result_r(signal, target) for size, target in hit)


class _Bar(NamedTuple):
    open_ms: int
    end_ms: int
    open: float
    high: float
    low: float
    close: float


class _BarSequence:
    """The bars of one timeframe that had closed. A bar with an impossible price counts as missing."""

    def __init__(self, candles: Candles | None, now_ms: int) -> None:
        self._length = 0 if candles is None else candles.timeframe.ms
        self._opens: Millis = np.empty(0, dtype=np.int64)
        self._prices: Floats = np.empty((4, 0))
        if candles is not None:
            span = slice(closed_bar_count(candles, now_ms))
            prices = np.stack([v[span] for v in (candles.open, candles.high, candles.low, candles.close)])
            valid = np.isfinite(prices).all(axis=0) & (prices > 0).all(axis=0)
            self._opens, self._prices = candles.open_ms[span][valid], prices[:, valid]

    def begins_after(self, time_ms: int) -> bool:
        """Return whether there are bars and all of them open later."""
        return len(self._opens) > 0 and int(self._opens[0]) > time_ms

    def first_from(self, time_ms: int) -> _Bar | None:
        """Return the first bar that opens at `time_ms` or later; None without one."""
        index = int(np.searchsorted(self._opens, time_ms))
        if index >= len(self._opens):
            return None
        open_ms = int(self._opens[index])
        return _Bar(open_ms, open_ms + self._length, *self._prices[:, index].tolist())

    def opening_at(self, time_ms: int) -> _Bar | None:
        """Return the bar that opens at `time_ms`; None without one."""
        bar = self.first_from(time_ms)
        return bar if bar is not None and bar.open_ms == time_ms else None


def _unevaluated_bars(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Iterator[_Bar]:
    """Yield the bars that were not evaluated yet, in order. They overlap only where a 5m bar stands in for 1m bars.

    A 5m bar may begin before the last evaluated time, but never before the signal. That is safe: stop and further targets
    were not touched in the evaluated part, so a touch can only be in the rest."""
    minutes, fives = _BarSequence(bars.get(Timeframe.M1), now_ms), _BarSequence(bars.get(Timeframe.M5), now_ms)
    cursor = max(signal.judged_ms, signal.opened_ms)
    while True:
        cursor = -(-cursor // M1_MS) * M1_MS
        bar = minutes.opening_at(cursor)
        if bar is None:
            begin = cursor // M5_MS * M5_MS
            overdue = now_ms >= begin + M5_MS + BAR_DELAY_MS
            if begin >= signal.opened_ms and (overdue or minutes.begins_after(cursor)):
                bar = fives.opening_at(begin)
            if bar is None and overdue:
                later = [b for sequence in (minutes, fives) if (b := sequence.first_from(cursor)) is not None]
                bar = min(later, key=lambda b: b.open_ms, default=None)
        if bar is None:
            return
        yield bar
        cursor = bar.end_ms
