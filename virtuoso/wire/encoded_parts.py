"""The bytes of the parts of a snapshot. The next snapshot has many of them again, and they are not encoded again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class EncodedParts:
    """The bytes of the parts of the last two snapshots, each by its identity. A part must not change."""

    def __init__(self) -> None:
        self._current: dict[int, tuple[object, bytes]] = {}
        self._before: dict[int, tuple[object, bytes]] = {}

    def begin(self) -> None:
        """Begin a snapshot. Forget the parts that the last one did not have."""
        self._before, self._current = self._current, {}

    def bytes_of(self, part: T, encode: Callable[[T], bytes]) -> bytes:
        """Return the bytes of a part. `encode` is called for a new part. It is the same for a part in every call."""
        key = id(part)
        known = self._current.get(key) or self._before.get(key) or (part, encode(part))
        self._current[key] = known  # it holds the part, so that no other object gets its id
        return known[1]
