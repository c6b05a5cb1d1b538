"""Clocks for tests, and an event loop on which hours pass in a moment.

VirtualTimeLoop  time stands still while code runs, and jumps to the next timer when all tasks wait. Work for a thread
                 runs in the loop's own thread and takes `thread_s` of virtual time. Tasks must not wait for sockets or
                 processes.
VirtualClock     the Clock of such a loop
SettableClock    a Clock whose now_ms is set by a test; it sleeps as the running loop does
OffsetClock      this machine's clock, `ahead_ms` ahead, for tests against real servers
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from virtuoso.domain.clock import SystemClock

T = TypeVar("T")
START_MS = 1_760_000_000_000  # 9 October 2025


class _JumpingSelector(selectors.SelectSelector):
    """A selector that never waits. Where the loop would wait, it advances the virtual time by the timeout."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """See BaseSelector. Raise RuntimeError when the loop would wait forever."""
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("every task waits, and no timer is set")
            self.time += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        self.thread_s = 0.0
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual seconds since the loop was created."""
        return self._jumping.time

    def skip(self, seconds: float) -> None:
        """Let time pass during which no code runs, as in a suspended process."""
        self._jumping.time += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """Run `func` now, and deliver its result `thread_s` later."""
        future: asyncio.Future[T] = self.create_future()
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - the caller gets it, as from a real thread
            self.call_later(self.thread_s, _settle, future, future.set_exception, error)
        else:
            self.call_later(self.thread_s, _settle, future, future.set_result, result)
        return future


def _settle(future: asyncio.Future[T], end: Callable[[Any], None], value: Any) -> None:
    if not future.done():  # if it is done, the waiting task was cancelled
        end(value)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a new loop in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


class VirtualClock:
    """The time of the running VirtualTimeLoop. `start_ms` is the value of now_ms when the loop was created."""

    def __init__(self, start_ms: int = START_MS) -> None:
        self.start_ms = start_ms

    def now_ms(self) -> int:
        """See Clock."""
        return self.start_ms + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        """See Clock."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        await asyncio.sleep(seconds)


class SettableClock(SystemClock):
    """See the module."""

    def __init__(self, ms: int = START_MS) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        """See Clock."""
        return self.ms

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        self.ms += int(seconds * 1000)


class OffsetClock(SystemClock):
    """See the module."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.ahead_ms = ahead_ms

    def now_ms(self) -> int:
        """See Clock."""
        return super().now_ms() + self.ahead_ms
