"""A clock for these tests."""

from __future__ import annotations

from virtuoso.domain.clock import SystemClock


class ManualClock(SystemClock):
    """A clock whose monotonic time is set by a test."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        """See Clock."""
        return self.seconds
