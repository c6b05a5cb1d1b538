"""What must hold within a message and no rule of the .proto can say: times that are times, prices on their right sides,
parts that make up their whole."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from virtuoso.market.v1 import signal_pb2

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import alert_pb2, opportunity_pb2, score_history_pb2, snapshot_pb2

LAST_SECOND = 1 << 33  # in the year 2242: a time beyond it is none, and an age from it would be no Duration
_CENT = 0.01  # sizes of a position are told by the hundredth


def time(value: Timestamp) -> bool:
    """True for a time that is there and is one."""
    return 0 < value.seconds < LAST_SECOND and 0 <= value.nanos < 1_000_000_000


def beta(item: snapshot_pb2.SymbolBeta) -> bool:
    """True with at least one window, each once, and of every series as many times, rising, as values."""
    windows = item.beta.windows
    return (
        bool(windows)
        and len({window.span for window in windows}) == len(windows)
        and all(time(w.start_time) and time(w.end_time) and _before(w.start_time, w.end_time) for w in windows)
        and all(len(r.end_time_ms) == len(r.beta) and _rising(r.end_time_ms) for r in item.rolling)
    )


def signal(item: signal_pb2.Signal) -> bool:
    """True with its times, stop and targets on their sides of the entry, sizes that make up the position, and an end exactly
    when it has ended."""
    sign = 1 if item.side == signal_pb2.SIDE_LONG else -1
    steps = [sign * price for price in (item.stop, item.entry, *(target.price for target in item.targets))]
    active = item.status == signal_pb2.SIGNAL_STATUS_ACTIVE
    return (
        all(map(time, (item.opened_time, item.expires_time, item.judged_time)))
        and bool(item.targets)
        and all(a < b for a, b in pairwise(steps))
        and abs(sum(target.size for target in item.targets) - 1) < _CENT
        and item.targets_hit <= len(item.targets)
        and (not item.HasField("closed_time") if active else time(item.closed_time))
    )


def active(item: signal_pb2.Signal) -> bool:
    """True for a sound signal that has not ended."""
    return item.status == signal_pb2.SIGNAL_STATUS_ACTIVE and signal(item)


def record(item: signal_pb2.SignalRecord) -> bool:
    """True when no tally has more wins than signals, and both sides are all there are."""
    sides = item.long.count + item.short.count
    parts = (item.all, item.long, item.short, *(driver.tally for driver in item.drivers))
    return all(tally.wins <= tally.count for tally in parts) and item.all.count == sides


def opportunity(item: opportunity_pb2.Opportunity) -> bool:
    """True with its times."""
    return time(item.found_time) and time(item.expires_time)


def alert(item: alert_pb2.Alert) -> bool:
    """True with its time."""
    return time(item.observed_time)


def point(item: score_history_pb2.ScorePoint) -> bool:
    """True with its time."""
    return time(item.time)


def _before(first: Timestamp, second: Timestamp) -> bool:
    return (first.seconds, first.nanos) < (second.seconds, second.nanos)


def _rising(times: Iterable[int]) -> bool:
    return all(a < b for a, b in pairwise(times))
