"""The outcome of a signal: stop, targets, expiry and result, evaluated on the bars that open after it.

Outcomes are evaluated on closed 1m bars. A 5m bar is used where 1m bars are missing. Only bars that open after the signal
count. A bar without volume shows no price at which anyone could trade, so it changes nothing. The rest of the minute in
which the signal opened affects only the open of the next bar. Wicks count. When a bar touches both the stop and a target,
the stop is assumed to be first. When a bar opens beyond the stop, the exit price is its open. At expiry, the exit price is
the close of the bar.

`result_r` is before costs. `net_r` is after taker fees, the spread and funding, all as they were when the signal opened.
Funding is charged for the time that each part was held, as if it were paid continuously.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import closed_bar_count
from virtuoso.domain.model import DAY_MS, Timeframe
from virtuoso.domain.records import Signal, SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats, Millis

MISSING_AFTER_MS = 120_000
"""An absent bar counts as missing this long after its close."""
ABANDON_MS = 6 * 3_600_000
"""A bar may still arrive until this long after expiry."""

M1_MS, M5_MS = Timeframe.M1.ms, Timeframe.M5.ms


def evaluate_outcome(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Signal:
    """Evaluate the signal on all bars that were closed at `now_ms` (epoch ms) and not evaluated before. Return the result.

    The function is idempotent. Several steps give the same result as one evaluation. A closed signal does not change.
    A gap that neither 1m nor 5m bars fill is skipped once those bars are overdue. When the gap contains the expiry, the exit
    price is the first price after the gap. When no bar has arrived 6 hours after expiry, the exit price is None and the open
    part counts as stopped. Delisted markets therefore do not improve the record. The same holds for bars whose price scale
    changed after the signal opened: its prices cannot be compared with them."""
    if signal.status is not SignalStatus.ACTIVE:
        return signal
    for bar in _unevaluated_bars(signal, _in_scale_of(signal, bars), now_ms):
        signal = _apply_bar(signal, bar)
        if signal.status is not SignalStatus.ACTIVE:
            return signal
    if now_ms >= signal.expires_ms + ABANDON_MS:
        return close_signal(signal, SignalStatus.EXPIRED, None, signal.expires_ms + ABANDON_MS)
    return signal


def close_signal(signal: Signal, status: SignalStatus, price: float | None, time_ms: int) -> Signal:
    """Return the signal with its open part closed at `price` and `time_ms` (epoch ms).

    A price of None is unknown. The result is then computed with the stop."""
    rest = math.fsum(signal.sizes[signal.targets_hit :])
    result = _realised_r(signal) + rest * _result_r(signal, signal.stop if price is None else price)
    funding = signal.funding_r + _funding_r(signal, rest, time_ms - signal.judged_ms)
    return replace(signal, status=status, exit_price=price, closed_ms=time_ms, result_r=result, funding_r=funding)


def _apply_bar(signal: Signal, bar: _Bar) -> Signal:
    """Return an active signal after the evaluation of one more bar."""
    sign, stop = signal.side.sign, signal.stop
    worst, best = (bar.low, bar.high) if sign > 0 else (bar.high, bar.low)
    judged_ms, rest = max(signal.judged_ms, bar.end_ms), math.fsum(signal.sizes[signal.targets_hit :])
    funding = signal.funding_r + _funding_r(signal, rest, judged_ms - signal.judged_ms)
    signal = replace(signal, judged_ms=judged_ms, funding_r=funding)
    if not bar.volume > 0:
        return signal
    if bar.open_ms >= signal.expires_ms:  # the first price after a gap or a halt
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
    """Return the result in R of one unit that is closed at `price`."""
    return signal.side.sign * math.log(price / signal.entry) / abs(math.log(signal.stop / signal.entry))


def _funding_r(signal: Signal, size: float, held_ms: int) -> float:
    """Return the funding, in R, that a part of this size pays while it is held. A time below 0 pays nothing."""
    if signal.costs is None or held_ms <= 0:
        return 0.0
    paid = signal.costs.funding_day_percent / 100 * held_ms / DAY_MS
    return size * paid / abs(math.log(signal.stop / signal.entry))


def _realised_r(signal: Signal) -> float:
    """Return the result in R of the targets that were hit, weighted by size."""
    hit = zip(signal.sizes, signal.targets[: signal.targets_hit], strict=False)
    return math.fsum(size * _result_r(signal, target) for size, target in hit)


class _Bar(NamedTuple):
    open_ms: int
    end_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class _BarSequence:
    """The closed bars of one timeframe. A bar with an invalid price counts as missing."""

    def __init__(self, candles: Candles | None, now_ms: int) -> None:
        self._length = 0 if candles is None else candles.timeframe.ms
        self._opens: Millis = np.empty(0, dtype=np.int64)
        self._values: Floats = np.empty((5, 0))  # open, high, low, close, volume
        if candles is not None:
            span = slice(closed_bar_count(candles, now_ms))
            columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
            values = np.stack([column[span] for column in columns])
            valid = np.isfinite(values).all(axis=0) & (values[:4] > 0).all(axis=0)
            self._opens, self._values = candles.open_ms[span][valid], values[:, valid]

    def starts_after(self, time_ms: int) -> bool:
        """Return True if there are bars and all of them open after `time_ms`."""
        return len(self._opens) > 0 and int(self._opens[0]) > time_ms

    def first_at_or_after(self, time_ms: int) -> _Bar | None:
        """Return the first bar that opens at `time_ms` or later, or None."""
        index = int(np.searchsorted(self._opens, time_ms))
        if index >= len(self._opens):
            return None
        open_ms = int(self._opens[index])
        return _Bar(open_ms, open_ms + self._length, *self._values[:, index].tolist())

    def first_traded(self, time_ms: int) -> _Bar | None:
        """Return the first bar with volume that opens at `time_ms` or later, or None."""
        bar = self.first_at_or_after(time_ms)
        while bar is not None and not bar.volume > 0:
            bar = self.first_at_or_after(bar.end_ms)
        return bar

    def bar_at(self, time_ms: int) -> _Bar | None:
        """Return the bar that opens at `time_ms`, or None."""
        bar = self.first_at_or_after(time_ms)
        return bar if bar is not None and bar.open_ms == time_ms else None


def first_price(bars: Mapping[Timeframe, Candles], time_ms: int, now_ms: int) -> tuple[int, float] | None:
    """Return (opening time, open) of the first 1m or 5m bar that opened at `time_ms` or later and had closed at `now_ms`
    (epoch ms), or None. A bar without volume does not count."""
    found = [_BarSequence(bars.get(timeframe), now_ms).first_traded(time_ms) for timeframe in (Timeframe.M1, Timeframe.M5)]
    first = min((bar for bar in found if bar is not None), key=lambda bar: bar.open_ms, default=None)
    return None if first is None else (first.open_ms, first.open)


def _in_scale_of(signal: Signal, bars: Mapping[Timeframe, Candles]) -> dict[Timeframe, Candles]:
    """Return the series in whose price scale the signal opened."""
    return {t: one for t, one in bars.items() if one.scale_since_ms is None or one.scale_since_ms <= signal.opened_ms}


def _unevaluated_bars(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Iterator[_Bar]:
    """Yield the bars that are not evaluated yet, in order. They overlap only where a 5m bar replaces 1m bars.

    A 5m bar may open before the last evaluated time, but never before the signal. The overlap is safe. The evaluated part
    did not touch the stop or a further target, so a touch can only be in the rest of the bar."""
    bars_1m, bars_5m = _BarSequence(bars.get(Timeframe.M1), now_ms), _BarSequence(bars.get(Timeframe.M5), now_ms)
    cursor = max(signal.judged_ms, signal.opened_ms)
    while True:
        cursor = -(-cursor // M1_MS) * M1_MS
        bar = bars_1m.bar_at(cursor)
        if bar is None:
            start_5m = cursor // M5_MS * M5_MS
            overdue = now_ms >= start_5m + M5_MS + MISSING_AFTER_MS
            if start_5m >= signal.opened_ms and (overdue or bars_1m.starts_after(cursor)):
                bar = bars_5m.bar_at(start_5m)
            if bar is None and overdue:
                later = [b for sequence in (bars_1m, bars_5m) if (b := sequence.first_at_or_after(cursor)) is not None]
                bar = min(later, key=lambda b: b.open_ms, default=None)
        if bar is None:
            return
        yield bar
        cursor = bar.end_ms
