"""Loads by h2load: throughput, and the latency of each request from its log."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.benchmarks import machine

CLIENTS = 32
"""Connections, each with one request in flight at a time."""
STEADY_CLIENTS = 8
"""Connections at a steady rate. h2load sends one round to all of them at the same time; with many connections it measures
its own queue."""
WARM_UP_REQUESTS = 300
MAX_LOAD_S = 60.0


@dataclass(frozen=True)
class Target:
    """A server under load. `pids` are its processes. `arguments` are those of h2load for one request. `size` is the expected
    length of each answer in bytes (of DATA or body)."""

    name: str
    pids: Sequence[int]
    arguments: Sequence[str]
    size: int

    @property
    def port(self) -> int:
        """Return the port on which the server listens."""
        return urlsplit(self.arguments[-1]).port or 80


@dataclass(frozen=True)
class Load:
    """One load of one target. Latencies are in ms. `cpu_us` is the CPU time of the server's processes per request, in us."""

    requests_s: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_us: float


class LoadFailed(RuntimeError):
    """At least one answer was not the expected one."""


def grpc(port: int, method: str, body: Path) -> list[str]:
    """Return h2load's arguments for a gRPC call with an empty request."""
    body.write_bytes(bytes(5))
    return [
        "-H",
        "content-type: application/grpc",
        "-H",
        "te: trailers",
        "-d",
        str(body),
        f"http://127.0.0.1:{port}{method}",
    ]


def web(port: int, method: str, body: Path) -> list[str]:
    """Return h2load's arguments for gRPC-Web over HTTP/1.1, as browsers without TLS use it."""
    body.write_bytes(bytes(5))
    kind = "content-type: application/grpc-web+proto"
    return ["--h1", "-H", kind, "-H", "x-grpc-web: 1", "-d", str(body), f"http://127.0.0.1:{port}{method}"]


def run(target: Target, seconds: float, cores: Sequence[int], *, rate: int = 0) -> Load:
    """Load a target from `cores` for `seconds`, and return the result. The rate is `rate` requests per second, or the
    maximum for 0. Raise LoadFailed when an answer is not a success or does not have the expected length."""
    clients = STEADY_CLIENTS if rate else CLIENTS
    pace = [f"--rps={rate / clients:g}"] if rate else []
    _h2load(target, [f"--clients={CLIENTS}", "-n", str(WARM_UP_REQUESTS)], cores)
    before = sum(map(machine.cpu_s, target.pids))
    rows = _h2load(target, [f"--clients={clients}", f"--duration={seconds * 1000:.0f}ms", *pace], cores)
    used = sum(map(machine.cpu_s, target.pids)) - before
    times = sorted(took for _, took in rows)
    begin, end = min(at for at, _ in rows), max(at + took for at, took in rows)
    p50, p99 = (quantile(times, share) / 1000 for share in (0.5, 0.99))
    return Load(len(rows) / (end - begin) * 1e6, p50, p99, times[-1] / 1000, used / len(rows) * 1e6)


def _h2load(target: Target, words: Sequence[str], cores: Sequence[int]) -> list[tuple[int, int]]:
    """Return (start, duration) of each request in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "requests"
        # Use the highest priority if allowed. A load generator that waits for CPU would measure its own delay.
        own = ["nice", "-n", "-20", "taskset", "-c", ",".join(map(str, cores)), "h2load", "-m", "1", f"--log-file={log}"]
        process = subprocess.run(
            [*own, *words, *target.arguments], capture_output=True, text=True, check=False, timeout=MAX_LOAD_S
        )
        if process.returncode:
            raise LoadFailed(f"{target.name}: h2load ended with {process.returncode}: {process.stderr or process.stdout}")
        rows = [line.split("\t") for line in log.read_text().splitlines()]
    _check(target, process.stdout, rows)
    return [(int(row[0]), int(row[2])) for row in rows]


def _check(target: Target, summary: str, rows: Sequence[Sequence[str]]) -> None:
    if not rows or any(row[1] != "200" for row in rows):
        raise LoadFailed(f"{target.name}: {sum(row[1] != '200' for row in rows)} of {len(rows)} requests failed\n{summary}")
    data = re.search(r"\((\d+)\) data", summary)
    if data is None:
        raise LoadFailed(f"{target.name}: the output of h2load has an unexpected form\n{summary}")
    mean = int(data[1]) / len(rows)
    if abs(mean - target.size) > max(50, 0.02 * target.size):  # the age in the reply grows during the load
        raise LoadFailed(f"{target.name}: answers have {mean:.0f} bytes, {target.size} are expected")


def quantile(ascending: Sequence[float], share: float) -> float:
    """Return the nearest-rank quantile: the value that `share` of the values do not exceed."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]
