"""A limit of open files that is lower than the number of connections, on the commands `serve` and `edge`: more connections
are refused at once and with a line in the log, and those that are open go on."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import pytest

from tests.interop.edges import publish
from tests.programs import free_port, wait_for_port
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc

LIMIT, CONNECTIONS = 256, 400


def limit_open_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))


def has_ended(connection: socket.socket) -> bool:
    """Return True when the peer has ended the connection."""
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def overview(channel: grpc.Channel) -> str:
    """Return the id of the snapshot of GetOverview."""
    stub = market_service_pb2_grpc.MarketServiceStub(channel)
    reply = stub.GetOverview(api.GetOverviewRequest(), timeout=10, wait_for_ready=True)
    return str(reply.provenance.snapshot_id)


@pytest.mark.parametrize("way", ["edge", "server"])
async def test_connections_above_the_limit_are_refused_and_the_others_go_on(tmp_path: Path, way: str) -> None:
    await publish(tmp_path / "cache")
    port, monitor, edge, log = free_port(), free_port(), free_port(), tmp_path / "log"
    addresses = ["--grpc-address", f"127.0.0.1:{port}", "--monitor-address", f"127.0.0.1:{monitor}"]
    stored = ["--cache", f"directory:{tmp_path / 'cache'}", "--history", "none", "--environment", "SIMULATED"]
    commands = [["serve", *addresses, *stored], ["edge", *addresses, "--edge-address", f"127.0.0.1:{edge}"]]
    with log.open("wb") as output, ExitStack() as stack:
        for command, at in zip(commands, (port, edge), strict=True):
            process = subprocess.Popen(
                [sys.executable, "-m", "virtuoso", *command],
                stdout=output,
                stderr=output,
                preexec_fn=limit_open_files,  # noqa: PLW1509 - no thread of this process holds a lock
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            wait_for_port(at, process)
        address = "127.0.0.1", edge if way == "edge" else port
        before = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{address[1]}"))
        assert overview(before)
        crowd = ExitStack()
        connections = [crowd.enter_context(socket.create_connection(address, timeout=10)) for _ in range(CONNECTIONS)]
        for connection in connections if way == "edge" else ():  # the edge ends connections that send no byte
            with suppress(ConnectionError):
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: edge\r\n\r\n")
        while sum(map(has_ended, connections)) < CONNECTIONS - LIMIT:
            time.sleep(0.05)
        assert overview(before)
        while "nearly all of its 128 connections are in use" not in log.read_text():
            time.sleep(0.05)
        crowd.close()
        with grpc.insecure_channel(f"127.0.0.1:{address[1]}", options=[("grpc.use_local_subchannel_pool", 1)]) as after:
            assert overview(after)
    assert log.read_text().count("the limit of 256 open files allows 128 connections; MAX_STREAMS") == len(commands)
