"""The product as its operators run it: an exchange, `virtuoso up`, and another server on its own core."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.programs import ROOT, Market, free_port
from tools.benchmarks import machine
from virtuoso.app.supervisor import MEMORY
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import market_service_pb2_grpc

FIRST_SNAPSHOT_TIMEOUT_S = 90.0


class BenchmarkFailed(RuntimeError):
    """A measurement was not possible. The message contains the logs of the processes."""


class Node:
    """Processes that share one folder and one exchange. `close` ends them."""

    def __init__(self, folder: Path, exchange: Market) -> None:
        self.folder, self.exchange = folder, exchange
        self.cache = folder / "cache"
        self.edge = f"http://127.0.0.1:{free_port()}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stopped: list[int] = []

    def start(self, words: Sequence[str], port: int, *, core: int | None = None) -> subprocess.Popen[bytes]:
        """Start `virtuoso WORDS` with gRPC on `port`, pinned to `core` if one is given. Its output goes to the folder."""
        env = MEMORY | {name: value for name, value in os.environ.items() if not name.startswith("VIRTUOSO_")}
        env |= {
            "VIRTUOSO_EXCHANGE_URLS": json.dumps({"bybit": self.exchange.url, "binance": self.exchange.url}),
            "VIRTUOSO_COINGECKO_URL": self.exchange.url,
            "VIRTUOSO_CACHE": f"directory:{self.cache}",
            "VIRTUOSO_NODE_DIRECTORY": str(self.folder / "node"),
            "VIRTUOSO_HISTORY": f"sqlite:///{self.folder}/history.db",
            "VIRTUOSO_MAX_STREAMS_PER_ADDRESS": "2000",  # all streams of a benchmark come from this machine
            "VIRTUOSO_GRPC_ADDRESS": f"127.0.0.1:{port}",
            "VIRTUOSO_MONITOR_ADDRESS": f"127.0.0.1:{free_port()}",
            "VIRTUOSO_EDGE_ADDRESS": self.edge.removeprefix("http://"),
        }
        return self.program(
            pinned([sys.executable, "-m", "virtuoso", *words], *(() if core is None else (core,))), words[0], env
        )

    def program(self, words: Sequence[str], name: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start any program. `close` ends it with the others."""
        with (self.folder / f"{name}.log").open("wb") as out:
            process = subprocess.Popen(
                words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        self._processes.append(process)
        return process

    def pause(self, processes: Sequence[int]) -> None:
        """Pause these processes until `resume`."""
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        self._stopped += processes

    def resume(self) -> None:
        """Continue all paused processes."""
        for pid in reversed(self._stopped):
            os.kill(pid, signal.SIGCONT)
        self._stopped.clear()

    def close(self) -> None:
        """End all processes."""
        self.resume()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def failure(self, message: str) -> BenchmarkFailed:
        """Return an error with the message and the end of every log."""
        logs = (f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in sorted(self.folder.glob("*.log")))
        return BenchmarkFailed("\n".join((message, *logs)))

    def wait(self, name: str, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Return once `condition` holds. Raise BenchmarkFailed after `seconds`, or when a process has ended."""
        end = time.monotonic() + seconds
        while not condition():
            if any(process.poll() is not None for process in self._processes):
                raise self.failure(f"{name}: a process has ended")
            if time.monotonic() > end:
                raise self.failure(f"{name}: not within {seconds:g} s")
            time.sleep(0.01)


def pinned(words: Sequence[str], *cores: int) -> list[str]:
    """Return the command pinned to these cores, or the command itself without cores."""
    return [*(("taskset", "-c", ",".join(map(str, cores))) if cores else ()), *words]


class Caller:
    """A client of one server."""

    def __init__(self, port: int) -> None:
        options = [("grpc.initial_reconnect_backoff_ms", 20), ("grpc.max_reconnect_backoff_ms", 20)]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[*options, ("grpc.min_reconnect_backoff_ms", 20)])
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._stub = market_service_pb2_grpc.MarketServiceStub(self._channel)

    def serving(self) -> bool:
        """Return whether the server is SERVING."""
        try:
            reply = self._health.Check(health_pb2.HealthCheckRequest(), timeout=1)
        except grpc.RpcError:
            return False
        return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

    def dashboard(self) -> pb.GetDashboardResponse:
        """Return the dashboard."""
        return self._stub.GetDashboard(pb.GetDashboardRequest(), timeout=2)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def family(pid: int) -> list[int]:
    """Return the process ids of a supervisor and its children."""
    return [pid, *machine.children(pid)]
