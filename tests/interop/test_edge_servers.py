"""The edge before servers that are processes of their own: what callers notice when one is not there, hangs, is killed, or
is told to end."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import grpc

from tests.programs import Edge, Program, free_port
from tests.service.snapshots import TTL_S, head_of, snapshot
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc
from virtuoso.repository import keys
from virtuoso.repository.directory import Directory

HOSTS = ("127.0.0.1", "127.0.0.2")  # as on two machines: the same ports
NOBODY = "127.0.0.3"  # a third that never came


class Server(Program):
    """`virtuoso serve` on a host of its own."""

    def __init__(self, host: str, port: int, monitor: int, cache: Path) -> None:
        words = [
            "--grpc-address",
            f"{host}:{port}",
            "--monitor-address",
            f"{host}:{monitor}",
            "--cache",
            f"directory:{cache}",
        ]
        words += ["--history", "none", "--environment", "SIMULATED", "--grace-s", "4"]
        super().__init__([sys.executable, "-m", "virtuoso", "serve", *words], port, host=host)


class Callers:
    """Some that ask without end, by JSON, by gRPC and as probes do; what they were answered is counted."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.answers: Counter[str] = Counter()
        self._each: Counter[int] = Counter()  # answers that each of them got

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session, grpc.aio.insecure_channel(self._edge.address) as channel:
            stub = market_service_pb2_grpc.MarketServiceStub(channel)

            async def http(path: str) -> str:
                async with session.get(self._edge.url + path) as reply:
                    return f"{reply.status} {'' if reply.status == 200 else await reply.text()}"

            async def rpc() -> str:
                try:
                    await stub.GetOverview(api.GetOverviewRequest(), timeout=5)
                except grpc.aio.AioRpcError as error:
                    return f"{error.code()} {error.details()}"
                return "200 "

            ways: list[Callable[[], Awaitable[str]]] = [lambda: http("/v1/overview"), lambda: http("/healthz"), rpc]
            tasks = [asyncio.create_task(self._ask(number, way)) for number, way in enumerate(ways * 3)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    async def _ask(self, number: int, way: Callable[[], Awaitable[str]]) -> None:
        while True:
            self.answers[await way()] += 1
            self._each[number] += 1
            await asyncio.sleep(0.01)

    async def go_on(self, number: int) -> None:
        """Until each of them was answered so many times more."""
        before = self._each.copy()
        async with asyncio.timeout(30):
            while any(self._each[one] < count + number for one, count in before.items()):
                await asyncio.sleep(0.02)


def upstreams(log: Path, since: str) -> set[str]:
    """Who was asked in calls that began after `since`, an instant as the log has it; lines come up to a second late."""
    calls = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return {call["upstream"] for call in calls if call["time"] > since}


async def test_no_caller_notices_that_a_server_never_came_that_one_hangs_or_dies_and_that_one_ends(tmp_path: Path) -> None:
    repository, message = Directory(tmp_path / "cache"), snapshot(observed_ms=int(time.time() * 1000))
    blob = message.SerializeToString()
    await repository.set(keys.snapshot(message.provenance.snapshot_id), blob, ttl_s=TTL_S)
    await repository.set(keys.HEAD, head_of(message, blob).SerializeToString(), ttl_s=TTL_S)
    port, monitor, log = free_port(), free_port(), tmp_path / "access.log"

    def server(host: str) -> Server:
        return Server(host, port, monitor, tmp_path / "cache")

    async def asked(host: str) -> None:
        """A server gets calls and its monitor too, as the log tells: each is readmitted for itself."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        async with asyncio.timeout(20):
            while not {f"{host}:{at}" for at in (port, monitor)} <= upstreams(log, now):
                await asyncio.sleep(0.1)

    async def ready(host: str) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(20):
            while True:
                with suppress(aiohttp.ClientError):
                    if (await session.get(f"http://{host}:{monitor}/readyz")).status == 200:
                        return
                await asyncio.sleep(0.1)

    first, second = await asyncio.gather(*(asyncio.to_thread(server, host) for host in HOSTS))
    await asyncio.gather(*map(ready, HOSTS))
    servers, monitors = ([f"{host}:{at}" for host in (NOBODY, *HOSTS)] for at in (port, monitor))
    edge = await asyncio.to_thread(Edge, servers, monitors, access_log=str(log))
    callers = Callers(edge)
    try:
        async with callers.calling():
            await asyncio.gather(*map(asked, HOSTS))
            second.freeze()
            await callers.go_on(40)
            second.thaw()
            await asked(HOSTS[1])
            second.kill()
            await callers.go_on(40)
            second = await asyncio.to_thread(server, HOSTS[1])
            await ready(HOSTS[1])
            await asked(HOSTS[1])
            first.process.terminate()
            assert await asyncio.to_thread(first.process.wait) == 0
            await callers.go_on(20)
    finally:
        edge.end()
        first.kill()
        second.kill()
        await repository.close()
    assert set(callers.answers) == {"200 "}
