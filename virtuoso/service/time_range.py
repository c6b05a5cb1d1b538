"""The time range of a request for points, and the step between the points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from virtuoso.domain.errors import InvalidField
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.plausibility import LAST_SECOND
from virtuoso.wire import times

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import market_service_pb2 as api

# The step between the points in a history.
MIN_STEP_MS = 60_000
MAX_POINTS = 288  # a reply takes less than 5 ms of CPU
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The range start <= t < end in epoch milliseconds on the market's clock. The steps are counted from the start."""

    start_ms: int
    end_ms: int
    step_ms: int


def requested_range(request: api.GetScoreHistoryRequest, now_ms: int) -> TimeRange:
    """Return the range of the request.

    Raise InvalidField for an invalid time, and for a range that is empty or in the future."""
    has_end, has_start = request.HasField("end_time"), request.HasField("start_time")
    end = _valid_ms(request.end_time, "end_time") if has_end else now_ms
    start = _valid_ms(request.start_time, "start_time") if has_start else end - DAY_MS
    if start >= end:
        raise InvalidField([("start_time", f"{_text(start)} is not before the end of the range, {_text(end)}")])
    if start >= now_ms:
        field, value = ("start_time", start) if has_start else ("end_time", end)
        raise InvalidField([(field, f"{_text(value)} is in the future: it is now {_text(now_ms)}")])
    end = min(end, now_ms)
    resolution = _rounded_up_ms(request.resolution)
    step = min(max(resolution or MIN_STEP_MS, _ceil_div(end - start, MAX_POINTS)), end - start)
    if not has_start and step < end - start:
        start += -start % step  # so that the steps and points stay the same while the range moves
    return TimeRange(start, end, step)


def _ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _valid_ms(time: Timestamp, field: str) -> int:
    if not 0 <= time.seconds < LAST_SECOND or not 0 <= time.nanos < 1_000_000_000:
        raise InvalidField([(field, f"{time.seconds} s after 1970 is not allowed; expected a time from 1970 to 2242")])
    return times.millis(time)


def _rounded_up_ms(duration: Duration) -> int:
    return duration.seconds * 1000 + -(-duration.nanos // 1_000_000)


def _text(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
