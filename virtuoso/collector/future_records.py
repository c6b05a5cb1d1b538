"""Stored records with a time in the future. They were stored while a clock was wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from virtuoso import metrics
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.domain.records import Opportunity, Signal, SignalStatus

log = logging.getLogger(__name__)


def is_future(time_ms: int, now_ms: int) -> bool:
    """Return True for a time that is more than a minute after `now_ms` (epoch ms)."""
    return time_ms > now_ms + MAX_CLOCK_LEAD_MS


def correct_signals(signals: Iterable[Signal], now_ms: int) -> list[Signal]:
    """Return the signals without times that are more than a minute after `now_ms` (epoch ms).

    A signal that opened in the future is left out. One that closed or was judged in the future is active again, as it was
    when it opened. Its bars then decide its outcome."""
    given = list(signals)
    corrected = [_corrected(signal, now_ms) for signal in given]
    _count("signals", sum(new is not old for new, old in zip(corrected, given, strict=True)))
    return [signal for signal in corrected if signal is not None]


def correct_opportunities(opportunities: Iterable[Opportunity], now_ms: int) -> list[Opportunity]:
    """Return the opportunities without those that were found more than a minute after `now_ms` (epoch ms)."""
    given = list(opportunities)
    past = [each for each in given if not is_future(each.found_ms, now_ms)]
    _count("opportunities", len(given) - len(past))
    return past


def _corrected(signal: Signal, now_ms: int) -> Signal | None:
    if is_future(signal.opened_ms, now_ms):
        return None
    if not is_future(max(signal.judged_ms, signal.closed_ms or 0), now_ms):
        return signal
    opened = replace(
        signal, status=SignalStatus.ACTIVE, judged_ms=signal.opened_ms, targets_hit=0, result_r=0.0, funding_r=0.0
    )
    return replace(opened, closed_ms=None, exit_price=None)


def _count(kind: str, count: int) -> None:
    if count:
        metrics.INVALID_ROWS.labels("time").inc(count)
        metrics.ROWS.labels("history", "refused").inc(count)
        log.warning("%d %s were stored with a time in the future: that time is not used", count, kind)
