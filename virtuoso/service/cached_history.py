"""Access to the history for the service. It opens at the first read, has a timeout, and fails with one kind of error. Equal
requests share one read."""

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

# The timeout of one read. It is longer than the history's own timeout and shorter than the two seconds of a client.
READ_S = 1.7
CACHE_S = 1.0
MAX_CACHED = 64
log = logging.getLogger(__name__)


class CachedHistory:
    """The history that `opener` opens for reading. `opener` is None when there is no history.

    The first read calls `opener` in a thread. A database library takes a third of a server's memory, and many servers never
    need one."""

    def __init__(
        self, opener: Opener | None, *, clock: Clock = SYSTEM_CLOCK, read_s: float = READ_S, cache_s: float = CACHE_S
    ) -> None:
        self._opener, self._read_s = opener, read_s
        self._opening: asyncio.Task[HistoryReader] | None = None
        self._cache = CoalescingCache(clock, lifetime_s=cache_s, max_entries=MAX_CACHED)

    @property
    def configured(self) -> bool:
        """Whether there is a history to read."""
        return self._opener is not None

    async def read(self, work: Callable[[HistoryReader], Awaitable[T]]) -> T:
        """Return the result of `work` on the history.

        Raise HistoryUnavailable when `work` fails or takes too long, or when there is no history."""
        history = await self._open()
        try:
            async with asyncio.timeout(self._read_s):
                return await work(history)
        except (HistoryError, TimeoutError) as error:
            raise HistoryUnavailable("the history cannot be read now") from error

    async def read_cached(self, key: Hashable, work: Callable[[HistoryReader], Awaitable[T]]) -> T:
        """Return the result of `work` like `read`. Share it with all reads for the same key within a second."""
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
            log.error("the history cannot be opened: %s", error)  # noqa: TRY400  # the error explains what to change
            raise HistoryUnavailable("the history cannot be opened") from error
