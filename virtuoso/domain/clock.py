"""The only module that reads the time or sleeps.

All code that needs time gets a Clock, so that hours pass in a moment in tests. Deadlines use `asyncio.timeout`, which uses
the clock of the running loop. Tests run on a loop with virtual time."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A wall clock, a monotonic clock, and a way to wait."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC. The clock may be set back or forward."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment. They never decrease."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
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
    """Return milliseconds since 1970, UTC, by the clock of this machine."""
    return SYSTEM_CLOCK.now_ms()
