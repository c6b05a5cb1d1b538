"""The check of all times in a message, at any depth. A time past the year 9999 has no JSON form, and one such field would
fail a whole reply. A time in the future means that the clock behind it was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from virtuoso.domain.plausibility import LAST_SECOND

# Fields with a time in the future. They are checked only against LAST_SECOND.
_FUTURE = frozenset({"expire_time", "next_funding_time"})


def times_are_valid(message: Message, latest_s: int) -> bool:
    """Return True when every time that is set is after 1970, and not after `latest_s` (epoch seconds)."""
    kind: Any = type(message)  # mypy does not see that it can be hashed
    plan = _plan(kind)
    for name in plan.times:
        if message.HasField(name) and not time_is_valid(getattr(message, name), _latest(name, latest_s)):
            return False
    for name in plan.repeated_times:
        for time in getattr(message, name):
            if not time_is_valid(time, latest_s):
                return False
    for name in plan.messages:
        if message.HasField(name) and not times_are_valid(getattr(message, name), latest_s):
            return False
    for name in plan.repeated_messages:
        for each in getattr(message, name):
            if not times_are_valid(each, latest_s):
                return False
    return True


def _latest(name: str, latest_s: int) -> int:
    return LAST_SECOND - 1 if name in _FUTURE else latest_s


def time_is_valid(time: Timestamp, latest_s: int) -> bool:
    """Return True when a time is after 1970, and not after `latest_s` (epoch seconds)."""
    return 0 < time.seconds <= latest_s and 0 <= time.nanos < 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Plan:
    """The fields of a message type that are times, and those that have times in them."""

    times: tuple[str, ...]
    repeated_times: tuple[str, ...]
    messages: tuple[str, ...]
    repeated_messages: tuple[str, ...]


@cache
def _plan(kind: Any) -> _Plan:
    fields = [field for field in kind.DESCRIPTOR.fields if _has_times(field.message_type)]
    times = [field for field in fields if field.message_type is Timestamp.DESCRIPTOR]
    parts = [field for field in fields if field not in times]
    return _Plan(
        times=tuple(field.name for field in times if not field.is_repeated),
        repeated_times=tuple(field.name for field in times if field.is_repeated),
        messages=tuple(field.name for field in parts if not field.is_repeated),
        repeated_messages=tuple(field.name for field in parts if field.is_repeated),
    )


def _has_times(kind: Any) -> bool:
    """Return True for a message type with a time at any depth. No message of ours contains itself."""
    return kind is Timestamp.DESCRIPTOR or (
        kind is not None and any(_has_times(field.message_type) for field in kind.fields)
    )
