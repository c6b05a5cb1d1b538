"""Blocking calls in daemon threads. A disk or a name resolver that hangs does not delay the end of the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def daemon_call(call: Callable[[], T]) -> T:
    """Return the result of `call`, or raise its exception. After a cancellation the call continues in its thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, so nothing waits for the result
            loop.call_soon_threadsafe(lambda: None if future.done() else set_outcome())

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - every exception is passed to the caller
            failure = error
            settle(lambda: future.set_exception(failure))
        else:
            settle(lambda: future.set_result(result))

    threading.Thread(target=run, daemon=True, name="virtuoso-doctor").start()
    return await future
