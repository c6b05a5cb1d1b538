"""Blocking calls in threads that nobody waits for: a disk or a resolver that hangs must not hold up the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def aside(call: Callable[[], T]) -> T:
    """The call's result or exception. When the caller gives up, the call goes on until the process ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if future.done() else how())

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's
            failure = error
            settle(lambda: future.set_exception(failure))
        else:
            settle(lambda: future.set_result(result))

    threading.Thread(target=run, daemon=True, name="virtuoso-doctor").start()
    return await future
