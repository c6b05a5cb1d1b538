"""Records of one kind that wait to be written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from itertools import islice
from typing import Generic, Literal, TypeVar, get_args

from virtuoso.metrics import HISTORY_DROPPED

log = logging.getLogger(__name__)

R = TypeVar("R")
DropReason = Literal["full", "refused"]


class RecordQueue(Generic[R]):
    """A queue of at most `limit` records of the kind `kind`, oldest first. When it is full the oldest record is dropped and
    counted. A record whose `key` already waits takes the place of the earlier one."""

    def __init__(self, kind: str, limit: int, key: Callable[[R], Hashable]) -> None:
        self.kind = kind
        self.dropped = 0
        self._limit = limit
        self._key = key
        self._records: dict[Hashable, R] = {}
        for reason in get_args(DropReason):  # a counter that is there from the start shows the first record too
            HISTORY_DROPPED.labels(kind, reason)

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: R) -> None:
        """Add one record, or replace the one with its key."""
        self._records[self._key(record)] = record
        if len(self._records) > self._limit:
            del self._records[next(iter(self._records))]
            self.count_dropped("full")

    def count_dropped(self, reason: DropReason) -> None:
        """Count one record that is never written."""
        if not self.dropped:
            log.warning("history: %s are being dropped: %s", self.kind, reason)
        self.dropped += 1
        HISTORY_DROPPED.labels(self.kind, reason).inc()

    def first(self, count: int) -> list[R]:
        """Return the oldest `count` records, which stay in the queue."""
        return list(islice(self._records.values(), count))

    def remove(self, records: Sequence[R]) -> None:
        """Remove these records. One that has been replaced meanwhile stays."""
        for record in records:
            key = self._key(record)
            if self._records.get(key) is record:
                del self._records[key]
