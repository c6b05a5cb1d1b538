"""A collector that runs for a long time: its CPU, memory, open files and pace, minute by minute."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import grpc

from tools.benchmarks import machine, node
from tools.benchmarks.report import Aim, Figure, Report

SAMPLE_S = 60.0
SETTLED = 2  # samples before the history of all symbols is read
LARGE = 100
"""From this number of symbols on, the targets for 200 symbols hold."""


class Sample(NamedTuple):
    """What the active collector used in one minute, and what it holds at its end."""

    core: float
    memory_mb: float
    files: int
    snapshots_s: float


def cost(report: Report, bench_node: node.Node, up: int, caller: node.Caller, *, symbols: int, minutes: int) -> None:
    """Watch the active collector of `up` (a process id). Compare its memory in the last third of the time with the first."""
    samples = _watched(bench_node, up, caller, SETTLED + minutes)
    shares, memory = [100 * one.core for one in samples], [one.memory_mb for one in samples[SETTLED:]]
    files = [one.files for one in samples[SETTLED:]]
    periods = [one.snapshots_s for one in samples[SETTLED:]]
    third = max(1, len(memory) // 3)
    first, last = statistics.median(memory[:third]), statistics.median(memory[-third:])
    large = symbols >= LARGE
    report.add(
        Figure(
            "collector, share of one core",
            statistics.median(shares),
            "%",
            min(shares),
            max(shares),
            Aim("<=", 80.0 if large else 35.0),
        ),
        Figure(
            "time between two snapshots",
            statistics.median(periods),
            "s",
            min(periods),
            max(periods),
            Aim("<=", 1.5 if large else 1.1),
        ),
        Figure("collector, memory in the first third", first, "MB", min(memory[:third]), max(memory[:third])),
        Figure("collector, memory in the last third", last, "MB", min(memory[-third:]), max(memory[-third:])),
        Figure("collector, memory: last third / first third", last / first, "x", aim=Aim("<=", 1.05)),
        Figure("collector, open files", statistics.median(files), "", min(files), max(files)),
    )
    report.notes.append(f"collector: memory after each minute, MB: {' '.join(f'{one:.0f}' for one in memory)}")


def _watched(bench_node: node.Node, up: int, caller: node.Caller, count: int) -> list[Sample]:
    active = machine.children(up, "collect")[0]
    samples: list[Sample] = []
    for _ in range(count):
        began, spent, seen = time.monotonic(), machine.cpu_s(active), set[str]()
        while time.monotonic() - began < SAMPLE_S:
            try:
                seen.add(caller.dashboard().provenance.snapshot_id)
            except grpc.RpcError as error:
                raise bench_node.failure(f"no dashboard after {len(samples)} minutes: {error.code()}") from error
            time.sleep(0.2)
        seconds = time.monotonic() - began
        core = (machine.cpu_s(active) - spent) / seconds
        files = len(list(Path(f"/proc/{active}/fd").iterdir()))
        samples.append(Sample(core, machine.rss_mb(active), files, seconds / len(seen)))
    return samples
