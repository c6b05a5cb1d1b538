"""How long work goes on: until it ends, until a stop is asked for, or until the parent process exits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import TypeVar

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


async def wait_for_parent_exit() -> None:
    """Return once standard input ends: the parent process, which holds its other end, has exited."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(1024):
            pass
    finally:
        transport.close()


def ignore_failure(task: asyncio.Task[T]) -> None:
    """Keep asyncio from reporting the task's exception as never retrieved: whoever waited for the task may be gone.
    To be added as a done callback."""
    if not task.cancelled():
        task.exception()
