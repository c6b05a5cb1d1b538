"""The edge before servers in processes of their own: what callers notice when a server is missing, hangs, is killed, or
ends."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import grpc

from tests.interop.edges import Server, publish, ready
from tests.programs import Edge, free_port
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc

HOSTS = ("127.0.0.1", "127.0.0.2")  # the same ports on both, as on two machines
CALLERS = 9
NOBODY = "127.0.0.3"  # the host of a third server that never starts


class Callers:
    """Clients that call again and again, by JSON, by gRPC and as probes do. Their answers are counted."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.answers: Counter[str] = Counter()
        self._each: Counter[int] = Counter()  # the number of answers of each client

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
            tasks = [
                asyncio.create_task(self._call(number, way)) for number, way in enumerate(ways * (CALLERS // len(ways)))
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    async def _call(self, number: int, way: Callable[[], Awaitable[str]]) -> None:
        while True:
            self.answers[await way()] += 1
            self._each[number] += 1
            await asyncio.sleep(0.01)

    async def go_on(self, number: int) -> None:
        """Return when each client has had that many more answers."""
        before = self._each.copy()
        async with asyncio.timeout(30):
            while any(self._each[one] < count + number for one, count in before.items()):
                await asyncio.sleep(0.02)


def servers_used(log: Path, since: str) -> set[str]:
    """Return the servers of the requests that began after `since`, a time as in the log. Lines are up to a second late."""
    calls = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return {call["upstream"] for call in calls if call["time"] > since}


def count_refused(answers: Counter[str]) -> int:
    """Return how many calls got the reply that no server answers. Every other call must have succeeded."""
    words = ("no server answers behind the edge", "upstream", "504 ")  # the last two are for /healthz
    refusals = {answer for answer in answers if any(each in answer for each in words)}
    assert answers.keys() - refusals == {"200 "}
    return sum(answers[answer] for answer in refusals)


async def test_a_server_that_hangs_or_dies_costs_a_caller_one_call_and_one_that_never_came_or_ends_costs_none(
    tmp_path: Path,
) -> None:
    await publish(tmp_path / "cache")
    port, monitor, log = free_port(), free_port(), tmp_path / "access.log"

    def server(host: str) -> Server:
        return Server(host, port, monitor, tmp_path / "cache")

    async def is_used(host: str) -> None:
        """Return when the log has requests to a server and to its monitor: Envoy readmits each by its own check."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        async with asyncio.timeout(20):
            while not {f"{host}:{at}" for at in (port, monitor)} <= servers_used(log, now):
                await asyncio.sleep(0.1)

    first, second = await asyncio.gather(*(asyncio.to_thread(server, host) for host in HOSTS))
    await asyncio.gather(*(ready(f"{host}:{monitor}") for host in HOSTS))
    servers, monitors = ([f"{host}:{at}" for host in (NOBODY, *HOSTS)] for at in (port, monitor))
    edge = await asyncio.to_thread(Edge, servers, monitors, access_log=str(log))
    callers = Callers(edge)
    try:
        async with callers.calling():
            await asyncio.gather(*map(is_used, HOSTS))
            assert count_refused(callers.answers) == 0
            second.freeze()
            await callers.go_on(40)
            assert count_refused(callers.answers) <= CALLERS
            second.thaw()
            await is_used(HOSTS[1])
            callers.answers.clear()
            second.kill()
            await callers.go_on(40)
            assert count_refused(callers.answers) <= CALLERS
            second = await asyncio.to_thread(server, HOSTS[1])
            await ready(f"{HOSTS[1]}:{monitor}")
            await is_used(HOSTS[1])
            callers.answers.clear()
            first.process.terminate()
            assert await asyncio.to_thread(first.process.wait) == 0
            await callers.go_on(20)
    finally:
        edge.end()
        first.kill()
        second.kill()
    assert count_refused(callers.answers) == 0
