"""Which stretch of time a request for points means, and how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from virtuoso.domain.errors import InvalidField
from virtuoso.service.invariants import LAST_SECOND

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import market_service_pb2 as api

DAY_MS = 86_400_000
MINUTE_MS = 60_000  # points are not kept closer
POINTS, MOST_POINTS = 500, 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """start <= t < end, epoch milliseconds of the market's clock, in steps counted from the start."""

    start_ms: int
    end_ms: int
    step_ms: int


def span(request: api.GetScoreHistoryRequest, now_ms: int) -> TimeRange:
    """What is asked for. InvalidField for a time that is none, and for a range that is empty or has not begun yet."""
    ends, starts = request.HasField("end_time"), request.HasField("start_time")
    end = _millis(request.end_time, "end_time") if ends else now_ms
    start = _millis(request.start_time, "start_time") if starts else end - DAY_MS
    if start >= end:
        raise InvalidField([("start_time", f"{_shown(start)} is not before the end of the range, {_shown(end)}")])
    if start >= now_ms:
        field, value = ("start_time", start) if starts else ("end_time", end)
        raise InvalidField([(field, f"{_shown(value)} asks for the future: it is {_shown(now_ms)} now")])
    end = min(end, now_ms)
    asked = _length(request.resolution)
    step = max(asked, _share(end - start, MOST_POINTS)) if asked else max(MINUTE_MS, _share(end - start, POINTS))
    step = min(step, end - start)
    if not starts and step < end - start:
        start += -start % step  # where the range moves with the clock its steps stand still, and so do its points
    return TimeRange(start, end, step)


def _share(length_ms: int, parts: int) -> int:
    return -(-length_ms // parts)


def _millis(time: Timestamp, field: str) -> int:
    if not 0 <= time.seconds < LAST_SECOND or not 0 <= time.nanos < 1_000_000_000:
        raise InvalidField([(field, f"{time.seconds} s after 1970 is not allowed; allowed are times from 1970 to 2242")])
    return time.seconds * 1000 + time.nanos // 1_000_000


def _length(duration: Duration) -> int:
    """Milliseconds, rounded up."""
    return duration.seconds * 1000 + -(-duration.nanos // 1_000_000)


def _shown(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
