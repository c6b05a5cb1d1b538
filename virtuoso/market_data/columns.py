"""Rows in order of time, in numpy arrays that grow. Adding rows costs as much as the rows, however many there are already.

Arrays that were handed out are views, and their values never change: another thread may read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

TIME = "time_ms"
LEAST_ROOM = 64  # rows


class Columns:
    """Rows with the columns `types` and TIME. TIME never decreases."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._arrays: dict[str, Any] = {name: np.empty(0, kind) for name, kind in {TIME: np.int64, **types}.items()}
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    def __getitem__(self, name: str) -> Any:
        """Return a column, oldest row first."""
        return self._arrays[name][self._first : self._end]

    def all(self) -> dict[str, Any]:
        """Return all columns by name."""
        return {name: self[name] for name in self._arrays}

    def add(self, rows: Mapping[str, Any]) -> None:
        """Add rows, whose times never decrease. Rows that are older than known ones are put in their place."""
        times = rows[TIME]
        count = len(times)
        if not count:
            return
        place = len(self) if not len(self) or times[0] >= self[TIME][-1] else int(np.searchsorted(self[TIME], times[0]))
        if place < len(self):
            self._insert(place, rows)
            return
        if self._end + count > len(self._arrays[TIME]):
            self._move(2 * (len(self) + count) + LEAST_ROOM)
        for name, array in self._arrays.items():
            array[self._end : self._end + count] = rows[name]
        self._end += count

    def drop(self, count: int) -> None:
        """Drop the oldest rows."""
        self._first = min(self._end, self._first + count)

    def drop_before(self, time_ms: int) -> int:
        """Drop the rows before a time. Return their number."""
        count = int(np.searchsorted(self[TIME], time_ms))
        self.drop(count)
        return count

    def _insert(self, place: int, rows: Mapping[str, Any]) -> None:
        """Sort rows into those from `place` on. The arrays are new, because the old ones may be in use."""
        tail = {
            name: np.concatenate((values[place:], np.asarray(rows[name], values.dtype)))
            for name, values in self.all().items()
        }
        order = np.argsort(tail[TIME], kind="stable")
        total = len(self) + len(rows[TIME])
        self._move(2 * total + LEAST_ROOM)
        for name, array in self._arrays.items():
            array[place:total] = tail[name][order]
        self._end = total

    def _move(self, room: int) -> None:
        """Move the rows to the start of new arrays with room for `room` rows."""
        for name, values in self.all().items():
            self._arrays[name] = np.empty(room, values.dtype)
            self._arrays[name][: len(values)] = values
        self._first, self._end = 0, self._end - self._first
