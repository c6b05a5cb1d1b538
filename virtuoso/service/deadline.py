"""The time that a caller gives."""

from __future__ import annotations

import asyncio
from typing import Protocol

ERROR_S = 0.02  # kept of it to tell the caller that it is over


class Context(Protocol):
    """What is needed of a call."""

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline; None without one."""
        ...


def in_time(context: Context) -> asyncio.Timeout:
    """Around what may take long: raises TimeoutError just before the caller's deadline."""
    remaining = context.time_remaining()
    return asyncio.timeout(None if remaining is None else remaining - ERROR_S)
