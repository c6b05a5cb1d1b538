"""Make all threads of a server use one heap."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8  # from glibc's malloc.h


def share() -> None:
    """Make all threads use one heap from now on.

    By default, glibc gives each thread that decodes snapshots a separate heap. These heaps take 5 MB of a server's 90 MB and
    do not make requests faster. Other C libraries do not have or need this function."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
