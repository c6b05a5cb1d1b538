"""The history as the service reads it: opened at the first read, limited in time, with one kind of failure. Clients that ask
the same share one read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, TypeVar

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import ConfigError, HistoryError, HistoryUnavailable
from virtuoso.domain.tasks import ignore_failure
from virtuoso.service.coalescing_cache import CoalescingCache

if TYPE_CHECKING:
    from virtuoso.domain.ports import HistoryReader

T = TypeVar("T")
Opener = Callable[[], "HistoryReader"]

READ_S = 1.7  # for one read: more than a history's own limit, less than the two seconds of a client
CACHE_S = 1.0
MAX_CACHED = 64
log = logging.getLogger(__name__)


class CachedHistory:
    """`opener` opens the history for reading; None when there is no history. The first read calls it, in a thread: loading a
    database takes a third of a server's memory, and many servers never need one."""

    def __init__(
        self, opener: Opener | None, *, clock: Clock = SYSTEM_CLOCK, read_s: float = READ_S, cache_s: float = CACHE_S
    ) -> None:
        self._opener, self._read_s = opener, read_s
        self._opening: asyncio.Task[HistoryReader] | None = None
        self._cache = CoalescingCache(clock, lifetime_s=cache_s, max_entries=MAX_CACHED)

    @property
    def configured(self) -> bool:
        """True when there is a history to read."""
        return self._opener is not None

    async def read(self, work: Callable[[HistoryReader], Awaitable[T]]) -> T:
        """Return the result of `work` on the history. Raise HistoryUnavailable when it fails, takes too long, or there is no
        history."""
        history = await self._open()
        try:
            async with asyncio.timeout(self._read_s):
                return await work(history)
        except (HistoryError, TimeoutError) as error:
            raise HistoryUnavailable("the history cannot be read now") from error

    async def read_cached(self, key: Hashable, work: Callable[[HistoryReader], Awaitable[T]]) -> T:
        """Do the same as `read`, but return the result that a read for the same key had within the last second."""
        return await self._cache.get(key, lambda: self.read(work))

    async def close(self) -> None:
        """Cancel all reads and close the history. Idempotent."""
        await self._cache.close()
        opening, self._opener, self._opening = self._opening, None, None
        if opening is not None:
            (history,) = await asyncio.gather(opening, return_exceptions=True)
            if not isinstance(history, BaseException):
                await history.close()

    async def _open(self) -> HistoryReader:
        if self._opener is None:
            raise HistoryUnavailable("this server has no history")
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(self._opener))
            self._opening.add_done_callback(ignore_failure)
        try:
            return await asyncio.shield(self._opening)
        except ConfigError as error:
            log.error("the history cannot be opened: %s", error)  # noqa: TRY400  # the error says what to change
            raise HistoryUnavailable("the history cannot be opened") from error
