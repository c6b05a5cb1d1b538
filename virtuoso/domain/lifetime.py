"""How long work goes on: until it is done, until it is told to stop, or until the process that began it is gone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` gives, or raises; None when `stop` was set first, and then it is cancelled."""
    doing, asked = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        for each in (doing, asked):
            each.cancel()
        await asyncio.wait({doing, asked})


async def parent_gone() -> None:
    """Return once standard input ends: the parent that held its other end is gone."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(1024):
            pass
    finally:
        transport.close()


def ignore_failure(task: asyncio.Future[Any]) -> None:
    """Keep asyncio from reporting the task's exception as never retrieved: whoever waited for the task may be gone.
    To be added as a done callback."""
    if not task.cancelled():
        task.exception()
