"""Time, as the only thing that may be read or waited for. Whoever needs it is given a Clock, so that tests can let hours
pass in a moment. Deadlines are `asyncio.timeout`, which goes by the running loop: tests run on a loop of virtual time."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A wall clock, a stopwatch, and a way to wait by it."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC. It may be set back or forward."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment. It never runs backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """See Clock."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """See Clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Clock = SystemClock()


def epoch_ms() -> int:
    """Return milliseconds since 1970, UTC, by this machine."""
    return SYSTEM_CLOCK.now_ms()
