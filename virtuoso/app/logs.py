"""The log of a process: one format, and one limit for all loggers, those of libraries too.

A flood of bad requests must not fill the disk, whichever library complains about them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

LINES_PER_S = 10.0
BURST_LINES = 100.0


@dataclass(slots=True)
class _Budget:
    lines: float
    at: float
    dropped: int = 0


class LineLimit(logging.Filter):
    """A limit of BURST_LINES, refilled with LINES_PER_S, for each level of each logger. The next line that passes says how
    many were dropped. `monotonic` is a clock in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._budgets: dict[tuple[str, int], _Budget] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for a line above the limit of its logger and level."""
        now = self._monotonic()
        budget = self._budgets.setdefault((record.name, record.levelno), _Budget(BURST_LINES, now))
        budget.lines = min(BURST_LINES, budget.lines + LINES_PER_S * (now - budget.at))
        budget.at = now
        if budget.lines < 1:
            budget.dropped += 1
            return False
        budget.lines -= 1
        if budget.dropped:
            dropped = f"{budget.dropped} {record.levelname} lines of {record.name} before this one were dropped"
            record.msg = f"{record.getMessage()} ({dropped})"
            record.args = ()
            budget.dropped = 0
        return True


def configure(command: str, level: str) -> None:
    """Write the log of a command to standard error. `level` is a name such as INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(LineLimit())
    logging.basicConfig(level=level, format=f"%(asctime)s %(levelname)-7s {command:7} %(message)s", handlers=[handler])
