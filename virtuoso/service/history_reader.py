"""The history as the service reads it: opened when it is first needed, bounded in time, failing in one way. A near copy and
one read for all who ask the same keep a crowd of clients from becoming a crowd on the database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, TypeVar, cast

from virtuoso.domain.errors import ConfigError, HistoryError, HistoryUnavailable

if TYPE_CHECKING:
    from virtuoso.domain.ports import HistoryReader

T = TypeVar("T")
Opener = Callable[[], "HistoryReader"]

READ_S = 1.7  # for one read: above what a history bounds itself to; a client has two seconds for everything
NEAR_S = 1.0
MOST_COPIES = 64
log = logging.getLogger(__name__)


class CachedHistory:
    """`opener` opens the history for reading; None when there is none. It is called once, in a thread, by the first read:
    what it loads costs a server a third of its memory, and many never need it."""

    def __init__(self, opener: Opener | None, *, read_s: float = READ_S, near_s: float = NEAR_S) -> None:
        self._opener, self._read_s, self._near_s = opener, read_s, near_s
        self._opening: asyncio.Task[HistoryReader] | None = None
        self._copies: OrderedDict[Hashable, tuple[float, asyncio.Task[object]]] = OrderedDict()

    @property
    def there(self) -> bool:
        """True where there is a history to be read."""
        return self._opener is not None

    async def read(self, work: Callable[[HistoryReader], Awaitable[T]]) -> T:
        """The result of `work` on the history. HistoryUnavailable when it fails or takes too long, or there is none."""
        history = await self._history()
        try:
            async with asyncio.timeout(self._read_s):
                return await work(history)
        except (HistoryError, TimeoutError) as error:
            raise HistoryUnavailable("the history cannot be read now") from error

    async def near(self, key: Hashable, work: Callable[[HistoryReader], Awaitable[T]]) -> T:
        """The same, or what it was for the same key within the last second."""
        entry = self._copies.get(key)
        if entry is None or (entry[1].done() and entry[0] <= time.monotonic() - self._near_s):
            task: asyncio.Task[object] = asyncio.create_task(self.read(work))
            task.add_done_callback(_looked_at)
            entry = self._copies[key] = (time.monotonic(), task)
            self._copies.move_to_end(key)
            self._forget()
        try:
            return cast("T", await asyncio.shield(entry[1]))  # one caller's end is not the others'
        except HistoryUnavailable:
            if self._copies.get(key) is entry:
                del self._copies[key]
            raise HistoryUnavailable("the history cannot be read now") from None  # each caller its own traceback

    async def close(self) -> None:
        """Give up reads under way and let go of the history. Idempotent."""
        tasks = [task for _, task in self._copies.values()]
        self._copies.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        opening, self._opener, self._opening = self._opening, None, None
        if opening is not None:
            (history,) = await asyncio.gather(opening, return_exceptions=True)
            if not isinstance(history, BaseException):
                await history.close()

    async def _history(self) -> HistoryReader:
        if self._opener is None:
            raise HistoryUnavailable("this server has no history")
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(self._opener))
            self._opening.add_done_callback(_looked_at)
        try:
            return await asyncio.shield(self._opening)
        except ConfigError as error:
            log.error("the history cannot be opened: %s", error)  # noqa: TRY400  # what to change is all in its words
            raise HistoryUnavailable("the history cannot be opened") from error

    def _forget(self) -> None:
        """Let go of old copies: they are large, and few are asked for again."""
        old = time.monotonic() - self._near_s
        while self._copies:
            began, task = next(iter(self._copies.values()))
            if len(self._copies) <= MOST_COPIES and not (task.done() and began <= old):
                return
            self._copies.popitem(last=False)


def _looked_at(task: asyncio.Task[T]) -> None:
    """Whoever waited for its failure may be gone."""
    if not task.cancelled():
        task.exception()
