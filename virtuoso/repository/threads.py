"""A few threads for blocking calls, so that no disk or socket ever holds up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from virtuoso.domain.errors import RepositoryError
from virtuoso.repository.guarded import NoAnswer

T = TypeVar("T")

_PARTING_S = 1.5


class Threads:
    """Runs blocking calls. A caller that gives up leaves its call behind, which goes on in its thread; when all threads
    are taken by such calls, as on a disk that hangs, further callers are told so at once instead of queueing."""

    def __init__(self, name: str, count: int = 4) -> None:
        self._name = name
        self._count = count
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=f"virtuoso-{name}")
        self._running: set[Future[Any]] = set()
        self._left_behind: set[Future[Any]] = set()

    async def run(self, call: Callable[[], T]) -> T:
        """The call's result or exception. NoAnswer when all threads hang, RepositoryError after `close`."""
        if len(self._left_behind) >= self._count:
            raise NoAnswer(f"{self._name}: earlier calls still hang")
        try:
            future = self._executor.submit(call)
        except RuntimeError as exc:
            raise RepositoryError(f"{self._name} is closed") from exc
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancel() and not future.done():
                self._left_behind.add(future)
                future.add_done_callback(self._left_behind.discard)
            raise

    def start(self, call: Callable[[], None]) -> None:
        """Run it some time; nobody waits for it."""
        with suppress(RuntimeError):  # closed
            future = self._executor.submit(call)
            for calls in (self._running, self._left_behind):
                calls.add(future)
                future.add_done_callback(calls.discard)

    async def close(self) -> None:
        """Drop what waits, and give what runs a moment to end. Idempotent."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        if running := [asyncio.wrap_future(future) for future in self._running]:
            await asyncio.wait(running, timeout=_PARTING_S)
