"""The wait before another attempt. It doubles with each failure in a row, and has jitter."""

from __future__ import annotations

import random

LONGEST_S = 10.0


class Backoff:
    """Failures in a row, and the wait that they cause."""

    def __init__(self, first_s: float, longest_s: float = LONGEST_S) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def reset(self) -> None:
        """Begin again with the first wait."""
        self._failures = 0

    def next_s(self) -> float:
        """Return the wait after one more failure."""
        wait_s = min(self._longest_s, self._first_s * 2.0 ** min(self._failures, 20))
        self._failures += 1
        return wait_s * random.uniform(0.5, 1)  # noqa: S311 - jitter
