"""The machine on which the figures were measured, and the CPU and memory of its processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Machine:
    """The size of the machine, and the use of its cores. `server` runs the measured programs and `rest` runs the load. Both
    are the same core if there is only one."""

    cpu: str
    cores: int
    memory_gib: float
    server: int
    rest: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """Every core."""
        return tuple(sorted({*self.rest, self.server}))

    @classmethod
    def here(cls) -> Machine:
        """Return this machine."""
        cores = sorted(os.sched_getaffinity(0))
        names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
        memory_kib = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
        return cls(
            names[0] if names else os.uname().machine, len(cores), memory_kib / 2**20, cores[-1], tuple(cores[:-1] or cores)
        )


def cpu_s(pid: int) -> float:
    """Return the CPU seconds (user and system) of a process with all its threads, to 0.01 s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process, shared pages included, in MB (10^6 bytes)."""
    kib = next(int(line.split()[1]) for line in _lines(f"/proc/{pid}/status") if line.startswith("VmRSS"))
    return kib * 1024 / 1e6


def children(pid: int, word: str | None = None) -> list[int]:
    """Return the children of a process whose command line contains `word`, or all children without `word`. The child with
    the most CPU time comes first."""
    pids = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    named = [child for child in pids if word is None or word in Path(f"/proc/{child}/cmdline").read_text().split("\0")]
    return sorted(named, key=cpu_s, reverse=True)


def confine(pid: int, cores: Sequence[int]) -> None:
    """Pin a process with all its threads to these cores."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
