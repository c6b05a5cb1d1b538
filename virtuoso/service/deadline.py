"""The deadline that a caller sets."""

from __future__ import annotations

import asyncio
from typing import Protocol

RESERVED_S = 0.02  # the time that the server needs to return DEADLINE_EXCEEDED to the caller


class Context(Protocol):
    """The part of an RPC's context that handlers use."""

    def time_remaining(self) -> float | None:
        """Return the seconds until the caller's deadline, or None without one."""
        ...


def caller_deadline(context: Context) -> asyncio.Timeout:
    """Return a context manager that raises TimeoutError in its body just before the caller's deadline."""
    remaining = context.time_remaining()
    return asyncio.timeout(None if remaining is None else remaining - RESERVED_S)
