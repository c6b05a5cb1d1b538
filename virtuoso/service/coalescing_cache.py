"""A cache for reads on request. Many clients with the same request cause one read."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from virtuoso.domain.tasks import cancel_all, ignore_failure

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    started: float  # on the monotonic clock
    task: asyncio.Task[Any]


class CoalescingCache:
    """A cache of reads by key. Callers share a read that is in progress.

    A result is valid for `lifetime_s` from the start of its read. An error is raised only in the callers that waited for it.
    At most `max_entries` reads are in memory."""

    def __init__(self, clock: Clock, *, lifetime_s: float, max_entries: int) -> None:
        self._clock, self._lifetime_s, self._max_entries = clock, lifetime_s, max_entries
        self._reads: OrderedDict[Hashable, _Read] = OrderedDict()  # oldest first

    async def get(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of `read`, or of another caller's read for the same key. Raise the error of that read.

        The cancellation of a caller does not cancel the read."""
        entry = self._reads.get(key)
        if entry is None or self._is_over(entry):
            entry = self._begin(key, read)
        return cast("T", await asyncio.shield(entry.task))

    async def close(self) -> None:
        """Cancel all reads and forget all results. Idempotent."""
        tasks = [entry.task for entry in self._reads.values()]
        self._reads.clear()
        await cancel_all(tasks)

    def _begin(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> _Read:
        task = asyncio.create_task(read())
        task.add_done_callback(ignore_failure)
        entry = self._reads[key] = _Read(self._clock.monotonic(), task)
        self._reads.move_to_end(key)
        self._evict()
        return entry

    def _is_over(self, entry: _Read) -> bool:
        if not entry.task.done():
            return False
        failed = entry.task.cancelled() or entry.task.exception() is not None
        return failed or entry.started <= self._clock.monotonic() - self._lifetime_s

    def _evict(self) -> None:
        """Drop the oldest reads that are expired or above the limit. Results are large and rarely requested again."""
        while self._reads:
            oldest = next(iter(self._reads.values()))
            if len(self._reads) <= self._max_entries and not self._is_over(oldest):
                return
            self._reads.popitem(last=False)
