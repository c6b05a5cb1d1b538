"""A queue of records of one kind to be written."""

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
    """A queue of at most `limit` records of the kind `kind`, oldest first.

    When it is full, the oldest record is dropped and counted. A record replaces a queued record with the same `key`.
    """

    def __init__(self, kind: str, limit: int, key: Callable[[R], Hashable]) -> None:
        self.kind = kind
        self.dropped = 0
        self._limit = limit
        self._key = key
        self._records: dict[Hashable, R] = {}
        for reason in get_args(DropReason):  # the counters start at 0, so that the first drop is visible
            HISTORY_DROPPED.labels(kind, reason)

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: R) -> None:
        """Add a record, or replace the one with its key."""
        self._records[self._key(record)] = record
        if len(self._records) > self._limit:
            del self._records[next(iter(self._records))]
            self.count_dropped("full")

    def count_dropped(self, reason: DropReason) -> None:
        """Count one record that will not be written."""
        if not self.dropped:
            log.warning("history: %s are being dropped: %s", self.kind, reason)
        self.dropped += 1
        HISTORY_DROPPED.labels(self.kind, reason).inc()

    def first(self, count: int) -> list[R]:
        """Return the oldest `count` records. They stay in the queue."""
        return list(islice(self._records.values(), count))

    def remove(self, records: Sequence[R]) -> None:
        """Remove these records. Keep a record that has replaced one of them."""
        for record in records:
            key = self._key(record)
            if self._records.get(key) is record:
                del self._records[key]
