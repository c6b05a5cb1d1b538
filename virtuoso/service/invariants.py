"""What must hold within a message and no rule of the .proto can say: times are times, prices lie on their right sides, parts
add up to the whole. Each function returns True when its message is sound."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from virtuoso.market.v1 import signal_pb2

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import alert_pb2, market_service_pb2, opportunity_pb2, score_history_pb2

LAST_SECOND = 1 << 33  # in the year 2242; the age of a later time would not fit into a Duration
_SIZE_ERROR = 0.01  # sizes of a position are rounded to hundredths


def time(value: Timestamp) -> bool:
    """A time that is present and in range."""
    return 0 < value.seconds < LAST_SECOND and 0 <= value.nanos < 1_000_000_000


def confluence(item: market_service_pb2.GetConfluenceResponse) -> bool:
    """A time of the price, each dimension once, and no provenance: servers add their own."""
    kinds = [dimension.kind for dimension in item.dimensions]
    return time(item.price_time) and len(set(kinds)) == len(kinds) and not item.HasField("provenance")


def beta(item: market_service_pb2.GetBetaResponse) -> bool:
    """At least one window, each span once, rising times of each series and a value for each, and no provenance."""
    windows = item.beta.windows
    return (
        bool(windows)
        and len({window.span for window in windows}) == len(windows)
        and all(_rising((window.start_time, window.end_time)) for window in windows)
        and all(len(rolling.end_times) == len(rolling.betas) and _rising(rolling.end_times) for rolling in item.rolling)
        and not item.HasField("provenance")
    )


def signal(item: signal_pb2.Signal) -> bool:
    """Its times, stop and targets on their sides of the entry, sizes that add up to 1, an end only if it has ended."""
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
    """A sound signal that has not ended."""
    return item.status == signal_pb2.SIGNAL_STATUS_ACTIVE and signal(item)


def record(item: signal_pb2.SignalRecord) -> bool:
    """No tally with more wins than signals, and both sides together are all signals."""
    sides = item.long.count + item.short.count
    parts = (item.all, item.long, item.short, *(driver.tally for driver in item.drivers))
    return all(tally.wins <= tally.count for tally in parts) and item.all.count == sides


def opportunity(item: opportunity_pb2.Opportunity) -> bool:
    """Its times."""
    return time(item.find_time) and time(item.expire_time)


def alert(item: alert_pb2.Alert) -> bool:
    """Its time."""
    return time(item.observed_time)


def point(item: score_history_pb2.ScorePoint) -> bool:
    """Its time."""
    return time(item.observed_time)


def _rising(times: Iterable[Timestamp]) -> bool:
    """Return True for times that are in range, each later than the one before. In one pass: a snapshot has thousands."""
    last = (0, 999_999_999)
    for instant in times:
        now = seconds, nanos = instant.seconds, instant.nanos
        if not last < now or seconds >= LAST_SECOND or not 0 <= nanos < 1_000_000_000:
            return False
        last = now
    return True
