"""A server, its monitor and a real edge in front of them, for the tests of the edge."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc

from tests.programs import Edge, Program
from tests.service.servers import RunningServer, running_server
from tests.service.snapshots import TTL_S, head_of, snapshot
from virtuoso.app.monitor import Monitor
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import market_service_pb2_grpc
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository

BUF = str(Path(sys.executable).parent / "buf")
PROTOCOLS = ("grpc", "grpcweb")


class Server(Program):
    """`virtuoso serve` on its own host."""

    def __init__(self, host: str, port: int, monitor: int, cache: Path, *more: str) -> None:
        words = [
            "--grpc-address",
            f"{host}:{port}",
            "--monitor-address",
            f"{host}:{monitor}",
            "--cache",
            f"directory:{cache}",
        ]
        words += ["--history", "none", "--environment", "SIMULATED", "--grace-s", "12", *more]
        super().__init__([sys.executable, "-m", "virtuoso", "serve", *words], port, host=host)


async def publish(cache: Path) -> None:
    """Store a snapshot with the current time in a directory repository."""
    repository, message = DirectoryRepository(cache), snapshot(observed_ms=int(time.time() * 1000))
    blob = message.SerializeToString()
    await repository.set(keys.snapshot(message.provenance.snapshot_id), blob, ttl_s=TTL_S)
    await repository.set(keys.HEAD, head_of(message, blob).SerializeToString(), ttl_s=TTL_S)
    await repository.close()


async def ready(monitor: str) -> None:
    """Return once the server whose monitor is at "host:port" is ready."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        while True:
            with suppress(aiohttp.ClientError):
                if (await session.get(f"http://{monitor}/readyz")).status == 200:
                    return
            await asyncio.sleep(0.1)


@dataclass
class RunningEdge:
    """Servers and the edge in front of them."""

    market: RunningServer
    edge: Edge

    async def http(self, path: str, method: str = "GET", **more: Any) -> tuple[int, Any, dict[str, str]]:
        """Return (status, body as JSON, headers)."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session,
            session.request(method, self.edge.url + path, **more) as reply,
        ):
            text = await reply.text()
            headers = {name.lower(): value for name, value in reply.headers.items()}
            return reply.status, json.loads(text) if text else None, headers

    async def buf(self, protocol: str, rpc: str, request: dict[str, Any]) -> asyncio.subprocess.Process:
        """Start `buf curl` of an RPC. It asks the server for the contract by reflection, through the edge."""
        return await asyncio.create_subprocess_exec(
            *(BUF, "curl", "--protocol", protocol, "--http2-prior-knowledge", "-d", json.dumps(request)),
            f"{self.edge.url}/{SERVICE}/{rpc}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def call(self, protocol: str, rpc: str, request: dict[str, Any]) -> tuple[str, str]:
        """Run `buf curl`. Return its (standard output, standard error)."""
        process = await self.buf(protocol, rpc, request)
        async with asyncio.timeout(15):
            out, error_output = await process.communicate()
        return out.decode(), error_output.decode()

    @asynccontextmanager
    async def stub(self) -> AsyncIterator[Any]:
        """Return a plain gRPC client of the edge."""
        async with grpc.aio.insecure_channel(self.edge.address) as channel:
            yield market_service_pb2_grpc.MarketServiceStub(channel)


@asynccontextmanager
async def running_edge(
    *,
    others: tuple[RunningServer, ...] = (),
    linger_s: float = 0.0,
    spec: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[RunningEdge]:
    """Start a server without a snapshot, its monitor, and an edge with `spec` (see programs.Edge)."""
    async with running_server(**options) as market:
        monitor = Monitor(status=market.server.health.status, readiness=lambda: (True, {}))
        port = await monitor.start("127.0.0.1:0")
        servers = [market.address, *(other.address for other in others)]
        edge = await asyncio.to_thread(Edge, servers, [f"127.0.0.1:{port}"], linger_s, **(spec or {}))
        try:
            yield RunningEdge(market, edge)
        finally:
            await asyncio.to_thread(edge.end)
            await monitor.close()


def details(error: dict[str, Any]) -> dict[str, Any]:
    """Return the details of an error in JSON, by the last part of their type names."""
    return {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
