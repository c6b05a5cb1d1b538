"""A cache for what is read when a client asks: many clients that ask the same cost one read."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from virtuoso.domain.tasks import ignore_failure

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    started: float  # on the monotonic clock
    task: asyncio.Task[Any]


class CoalescingCache:
    """One read for all who ask for the same key while it runs. Its result serves for `lifetime_s` after the read began; an
    error serves only those who waited for it. At most `max_entries` are in memory."""

    def __init__(self, clock: Clock, *, lifetime_s: float, max_entries: int) -> None:
        self._clock, self._lifetime_s, self._max_entries = clock, lifetime_s, max_entries
        self._reads: OrderedDict[Hashable, _Read] = OrderedDict()  # oldest first

    async def get(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of `read`, or of another caller's for the same key. Raise what that raised. A caller that is
        cancelled does not cancel the read."""
        entry = self._reads.get(key)
        if entry is None or self._is_over(entry):
            entry = self._begin(key, read)
        return cast("T", await asyncio.shield(entry.task))

    async def close(self) -> None:
        """Cancel all reads and forget all results. Idempotent."""
        tasks = [entry.task for entry in self._reads.values()]
        self._reads.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        """Drop the oldest reads when they are over or beyond the limit: results are large and seldom asked for again."""
        while self._reads:
            oldest = next(iter(self._reads.values()))
            if len(self._reads) <= self._max_entries and not self._is_over(oldest):
                return
            self._reads.popitem(last=False)
