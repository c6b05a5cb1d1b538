"""One heap for all threads of a server."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share() -> None:
    """From now on. Threads that decode would each get a heap of their own from glibc, 5 MB of a server's 90, and calls are
    no faster for it. Other C libraries have no such call and need none."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
