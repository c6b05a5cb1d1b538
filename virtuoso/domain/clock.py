"""Our clock."""

from __future__ import annotations

import time


def epoch_ms() -> int:
    """Milliseconds since 1970, UTC, by this machine."""
    return time.time_ns() // 1_000_000
