"""Checks of messages that the rules of the .proto cannot express: valid times, prices in the right order, parts that add up
to the whole. Each function returns True when its message is valid."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from virtuoso.domain.plausibility import LAST_SECOND
from virtuoso.market.v1 import signal_pb2

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import alert_pb2, market_service_pb2, opportunity_pb2, score_history_pb2

# The sizes of a position are rounded to hundredths.
_SIZE_ERROR = 0.01


def time(value: Timestamp) -> bool:
    """Return True for a time that is set and in range."""
    return 0 < value.seconds < LAST_SECOND and 0 <= value.nanos < 1_000_000_000


def confluence(item: market_service_pb2.GetConfluenceResponse) -> bool:
    """Return True if there is a price time, no dimension occurs twice, and there is no provenance, which servers add."""
    kinds = [dimension.kind for dimension in item.dimensions]
    return time(item.price_time) and len(set(kinds)) == len(kinds) and not item.HasField("provenance")


def beta(item: market_service_pb2.GetBetaResponse) -> bool:
    """Return True if there is a window, no span occurs twice, times ascend, each has a beta, and there is no provenance."""
    windows = item.beta.windows
    return (
        bool(windows)
        and len({window.span for window in windows}) == len(windows)
        and all(_ascending((window.start_time, window.end_time)) for window in windows)
        and all(len(rolling.end_times) == len(rolling.betas) and _ascending(rolling.end_times) for rolling in item.rolling)
        and not item.HasField("provenance")
    )


def signal(item: signal_pb2.Signal) -> bool:
    """Return True for a consistent signal.

    All times are valid. Stop, entry and targets are in the right order. The sizes add up to 1. Only a signal that has ended
    has a close time."""
    sign = 1 if item.side == signal_pb2.SIDE_LONG else -1
    steps = [sign * price for price in (item.stop, item.entry, *(target.price for target in item.targets))]
    active = item.status == signal_pb2.SIGNAL_STATUS_ACTIVE
    return (
        all(map(time, (item.open_time, item.expire_time, item.judge_time)))
        and bool(item.targets)
        and all(a < b for a, b in pairwise(steps))
        and abs(sum(target.size for target in item.targets) - 1) < _SIZE_ERROR
        and item.targets_hit <= len(item.targets)
        and (not item.HasField("close_time") if active else time(item.close_time))
    )


def active(item: signal_pb2.Signal) -> bool:
    """Return True for a valid signal that is active."""
    return item.status == signal_pb2.SIGNAL_STATUS_ACTIVE and signal(item)


def record(item: signal_pb2.SignalRecord) -> bool:
    """Return True when no tally has more wins than signals, and the two sides add up to all signals."""
    sides = item.long.count + item.short.count
    parts = (item.all, item.long, item.short, *(driver.tally for driver in item.drivers))
    return all(tally.wins <= tally.count for tally in parts) and item.all.count == sides


def opportunity(item: opportunity_pb2.Opportunity) -> bool:
    """Return True when both times are valid."""
    return time(item.find_time) and time(item.expire_time)


def alert(item: alert_pb2.Alert) -> bool:
    """Return True when the time is valid."""
    return time(item.observed_time)


def point(item: score_history_pb2.ScorePoint) -> bool:
    """Return True when the time is valid."""
    return time(item.observed_time)


def _ascending(times: Iterable[Timestamp]) -> bool:
    """Return True when all times are in range and ascending. Use one pass, because a snapshot has thousands of times."""
    last = (0, 999_999_999)
    for instant in times:
        now = seconds, nanos = instant.seconds, instant.nanos
        if not last < now or seconds >= LAST_SECOND or not 0 <= nanos < 1_000_000_000:
            return False
        last = now
    return True
