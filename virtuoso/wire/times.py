"""Convert milliseconds to protobuf Timestamps and Durations, and Timestamps back.

A message has `open_time` and `judge_time`, as AIP-142 asks. A record has the same times as `opened_ms` and `judged_ms`."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(ms: int) -> Timestamp:
    """Return epoch milliseconds as a Timestamp."""
    return Timestamp(seconds=ms // 1000, nanos=ms % 1000 * 1_000_000)


def millis(time: Timestamp) -> int:
    """Return a Timestamp as epoch milliseconds."""
    return time.seconds * 1000 + time.nanos // 1_000_000


def duration(ms: int) -> Duration:
    """Return milliseconds as a Duration."""
    length = Duration()
    length.FromMilliseconds(ms)
    return length
