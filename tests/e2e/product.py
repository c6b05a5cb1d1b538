"""The product as operators run it: real processes, started by its own commands, while a client sends calls continuously."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.programs import ROOT, free_port
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import market_service_pb2_grpc, provenance_pb2

T = TypeVar("T")
SYMBOLS = 10  # most faults are the same with any number of symbols; tests that need more set it
TIME_LIMIT_FACTOR = 3  # factor for the time limits, because a busy machine is slower
OPTIONS = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]


def eventually(read: Callable[[], T], condition: Callable[[T], bool], seconds: float, name: str) -> T:
    """Call `read` until its value meets `condition`, and return this value. Fail after TIME_LIMIT_FACTOR * `seconds`.
    `seconds` is enough on a quiet machine. The message has `name` and the last value."""
    end, last = time.monotonic() + seconds * TIME_LIMIT_FACTOR, None
    while time.monotonic() < end:
        last = read()
        if condition(last):
            return last
        time.sleep(0.1)
    raise AssertionError(f"{name}: not within {seconds * TIME_LIMIT_FACTOR:g} s; last was {last!r}"[:2000])


class Product:
    """Processes of `virtuoso` with the same settings. All are killed at the end."""

    def __init__(self, folder: Path, exchange: str, **settings: str) -> None:
        self.folder = folder
        self.grpc, self.monitor, self.edge = free_port(), free_port(), free_port()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VIRTUOSO_")},
            "VIRTUOSO_EXCHANGE_URLS": json.dumps({"bybit": exchange, "binance": exchange}),
            "VIRTUOSO_COINGECKO_URL": exchange,
            "VIRTUOSO_SYMBOL_LIMIT": str(SYMBOLS),
            "VIRTUOSO_STREAMS": "off",  # several nodes with streams at once would load the machine; tests of streams set it
            "VIRTUOSO_CACHE": f"directory:{folder / 'cache'}",
            "VIRTUOSO_NODE_DIRECTORY": str(folder / "node"),
            "VIRTUOSO_HISTORY": f"sqlite:///{folder}/history.db",
            "VIRTUOSO_GRPC_ADDRESS": f"127.0.0.1:{self.grpc}",
            "VIRTUOSO_EDGE_ADDRESS": f"127.0.0.1:{self.edge}",
            "VIRTUOSO_MONITOR_ADDRESS": f"127.0.0.1:{self.monitor}",
            **{f"VIRTUOSO_{name.upper()}": value for name, value in settings.items()},
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.grpc}", options=OPTIONS)
        self.stub = market_service_pb2_grpc.MarketServiceStub(self.channel)

    def start(self, *words: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start `virtuoso WORDS`. Its output goes to the folder."""
        env = {**self.env, **{f"VIRTUOSO_{name.upper()}": value for name, value in settings.items()}}
        log = self.folder / f"{len(self.processes)}-{words[0]}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "virtuoso", *words],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.processes.append(process)
        return process

    def start_collector_and_server(self) -> None:
        """Start the two processes that most tests need. `up` also starts a supervisor, a standby and the edge."""
        self.start("serve")
        self.start("collect")

    def logs(self) -> str:
        """Return all output of the processes."""
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def health(self, service: str = "") -> str:
        """Return the name of the health status, or of the gRPC error."""
        try:
            request = health_pb2.HealthCheckRequest(service=service)
            reply = health_pb2_grpc.HealthStub(self.channel).Check(request, timeout=2)
        except grpc.RpcError as error:
            return str(error.code().name)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until the server is SERVING."""
        try:
            eventually(self.health, lambda status: status == "SERVING", seconds, "health")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from error

    def dashboard(self) -> pb.GetDashboardResponse:
        """Call GetDashboard with the time limit for every answer, 2 s."""
        return self.stub.GetDashboard(pb.GetDashboardRequest(), timeout=2)

    def provenance(self) -> provenance_pb2.Provenance:
        """Return the provenance of the current dashboard."""
        return self.dashboard().provenance

    def http(self, path: str) -> tuple[int, str]:
        """Return (status, body) of the server's monitor port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}{path}", timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def children(self, parent: subprocess.Popen[bytes], word: str) -> list[int]:
        """Return the process ids of a supervisor's children that run `virtuoso WORD`, oldest first."""
        listing = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(parent.pid)], capture_output=True, text=True, check=False
        )
        return [int(line.split()[0]) for line in listing.stdout.splitlines() if f"virtuoso {word}" in line]

    def close(self) -> None:
        """End all processes."""
        self.channel.close()
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class DashboardMonitor:
    """Calls GetDashboard ten times a second while a test runs, and records every reply that the service must not send."""

    def __init__(self, product: Product) -> None:
        self.wrong: list[str] = []
        self.codes: list[str] = []
        self.venues: list[str] = []
        self._product = product
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> DashboardMonitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            began = time.monotonic()
            try:
                reply = self._product.dashboard()
            except grpc.RpcError as error:
                self.codes.append(error.code().name)
                continue
            self.codes.append("OK")
            self.venues.append(reply.provenance.venue)
            if time.monotonic() - began > 2:
                self.wrong.append("a reply took more than 2 s")
            if not reply.rows:
                self.wrong.append("an empty success")
            age = time.time() - reply.provenance.observed_time.seconds
            if age > 35 and not reply.provenance.stale:
                self.wrong.append(f"{age:.0f} s old and not marked stale")
            for row in reply.rows:
                if not row.price > 0 or (row.HasField("score") and not 0 <= row.score <= 100) or row.score == 50:
                    self.wrong.append(f"{row.symbol}: price {row.price}, score {row.score}")
