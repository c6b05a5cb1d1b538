"""Threads for blocking calls, so that disks and sockets never block the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut

T = TypeVar("T")

_CLOSING_S = 1.5


class ThreadPool:
    """A pool of threads for blocking calls.

    When a caller is cancelled, its call continues in its thread and counts as abandoned. When abandoned calls occupy all
    threads, for example because a disk hangs, new calls fail immediately instead of queueing."""

    def __init__(self, name: str, count: int = 4) -> None:
        self._name = name
        self._count = count
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=f"virtuoso-{name}")
        self._running: set[Future[Any]] = set()
        self._abandoned: set[Future[Any]] = set()

    async def run(self, call: Callable[[], T]) -> T:
        """Return the result of the call, or raise its exception. Raise RepositoryTimedOut while all threads hang. Raise
        RepositoryError after `close`."""
        if len(self._abandoned) >= self._count:
            raise RepositoryTimedOut(f"{self._name}: earlier calls still hang")
        try:
            future = self._executor.submit(call)
        except RuntimeError as error:
            raise RepositoryError(f"{self._name} is closed") from error
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancel() and not future.done():
                self._abandoned.add(future)
                future.add_done_callback(self._abandoned.discard)
            raise

    def start(self, call: Callable[[], None]) -> None:
        """Start the call in the background without waiting for it. Do nothing after `close`."""
        with suppress(RuntimeError):
            future = self._executor.submit(call)
            for calls in (self._running, self._abandoned):
                calls.add(future)
                future.add_done_callback(calls.discard)

    async def close(self) -> None:
        """Cancel the waiting calls. Wait up to _CLOSING_S for the running calls. Idempotent."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        if running := [asyncio.wrap_future(future) for future in self._running]:
            await asyncio.wait(running, timeout=_CLOSING_S)
