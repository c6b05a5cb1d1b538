"""Helpers to run work until it ends, until a stop is requested, or until the parent process exits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def run_until(stop: asyncio.Event, work: Coroutine[object, object, T]) -> T | None:
    """Return the result of `work`, or raise its exception. When `stop` is set first, cancel `work` and return None."""
    running, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return running.result() if running.done() else None
    finally:
        for each in (running, stopped):
            each.cancel()
        await asyncio.wait({running, stopped})


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks, and return when all have ended. Their exceptions are ignored."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def wait_for_parent_exit() -> None:
    """Return when standard input ends. This means that the parent process has exited, because it holds the other end."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(1024):
            pass
    finally:
        transport.close()


def ignore_failure(task: asyncio.Task[T]) -> None:
    """Prevent the asyncio report that the exception of the task was never retrieved. Add this function as a done callback.

    The caller that waited for the task may no longer exist."""
    if not task.cancelled():
        task.exception()
