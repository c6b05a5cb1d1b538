"""Epoch milliseconds and protobuf's instants and lengths of time."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(ms: int) -> Timestamp:
    """Epoch milliseconds as a protobuf instant."""
    return Timestamp(seconds=ms // 1000, nanos=ms % 1000 * 1_000_000)


def millis(time: Timestamp) -> int:
    """A protobuf instant as epoch milliseconds."""
    return time.seconds * 1000 + time.nanos // 1_000_000


def duration(ms: int) -> Duration:
    """Milliseconds as a protobuf length of time."""
    length = Duration()
    length.FromMilliseconds(ms)
    return length
