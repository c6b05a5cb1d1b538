"""CPU time and memory of a process, and the log lines of this one."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from virtuoso.app.logs import BURST_LINES, LINES_PER_S, LineLimit

MS_PER_KB, MS = 1.0, 5.0
GROWTH = 10  # the memory may grow by this many bytes for each byte of a request
SMALLEST_GROWTH = 8 * 1024 * 1024  # the allocator takes memory in blocks of some MiB
_WORK = [n * 7919 % 1009 for n in range(1000)]
_PEAK = re.compile(rb"VmHWM:\s+(\d+) kB")


def allowed_ms(size: int) -> float:
    """Return the CPU time that a request of this size may take."""
    return MS + MS_PER_KB * size / 1024


def allowed_growth(size: int) -> int:
    """Return by how many bytes a process may grow during a request of this size."""
    return SMALLEST_GROWTH + GROWTH * size


def allowed_lines(seconds: float) -> float:
    """Return how many lines one logger may write at one level in this time."""
    return BURST_LINES + LINES_PER_S * seconds


class Slowdown:
    """How much longer the same work takes now than at best. On a busy machine, a call that changes threads takes several
    times its CPU time, because caches are cold."""

    def __init__(self) -> None:
        self._best_s = float("inf")

    async def measure(self) -> float:
        """Return the CPU time of a fixed amount of work in relation to the shortest one so far, at least 1."""
        began_s = time.process_time()
        for _ in range(20):
            await asyncio.to_thread(sorted, _WORK)
        taken_s = time.process_time() - began_s
        self._best_s = min(self._best_s, taken_s)
        return taken_s / self._best_s


class ProcessCost:
    """The CPU time and the memory of a process of the same user, on Linux."""

    def __init__(self, pid: int) -> None:
        self._cpu_clock = ~pid << 3 | 2  # as clock_getcpuclockid(3) computes it
        self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY)
        self._reset = os.open(f"/proc/{pid}/clear_refs", os.O_WRONLY)
        self._began_s, self._began_bytes = 0.0, 0

    def begin(self) -> None:
        """Start to measure."""
        os.pwrite(self._reset, b"5", 0)  # the peak becomes the present size
        self._began_bytes = self._peak()
        self._began_s = time.clock_gettime(self._cpu_clock)

    def end(self) -> tuple[float, int]:
        """Return the CPU time in ms since `begin`, and by how many bytes the process was larger than then, at most."""
        ms = 1000 * (time.clock_gettime(self._cpu_clock) - self._began_s)
        return ms, self._peak() - self._began_bytes

    def close(self) -> None:
        """Release the process."""
        os.close(self._status)
        os.close(self._reset)

    def _peak(self) -> int:
        found = _PEAK.search(os.pread(self._status, 4096, 0))
        if found is None:
            raise RuntimeError("the process has ended")
        return 1024 * int(found.group(1))


class Log(logging.Handler):
    """The log of this process as a server's: the lines that pass the limit, and the tracebacks before it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines, self.loggers = 0, set[tuple[str, int]]()  # a logger counts once for each of its levels
        self.tracebacks: list[str] = []
        self._limit = LineLimit()

    def handle(self, record: logging.LogRecord) -> bool:
        """Count a record."""
        self.loggers.add((record.name, record.levelno))
        if record.exc_info:
            self.tracebacks.append(f"{record.name}: {record.getMessage()}: {record.exc_info[1]!r}")
        passes = bool(self._limit.filter(record))
        self.lines += passes
        return passes

    def take_tracebacks(self) -> list[str]:
        """Return the tracebacks since the last call."""
        taken, self.tracebacks = self.tracebacks, []
        return taken

    @contextmanager
    def attached(self) -> Iterator[Log]:
        """Count what all loggers say from level INFO on."""
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.INFO)
        root.addHandler(self)
        try:
            yield self
        finally:
            root.removeHandler(self)
            root.setLevel(level)
