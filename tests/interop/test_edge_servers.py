"""The edge with servers in separate processes. The tests check what clients see when a server is missing, hangs, is killed
or stops."""

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

# The servers use the same ports on both hosts, as on two machines.
HOSTS = ("127.0.0.1", "127.0.0.2")
# No server starts on this host.
MISSING_HOST = "127.0.0.3"
CLIENTS = 9


class Clients:
    """Clients that call in a loop: with JSON, with gRPC and as health probes. The replies are counted."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.replies: Counter[str] = Counter()
        self._replies_by_client: Counter[int] = Counter()

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
                asyncio.create_task(self._call(number, way)) for number, way in enumerate(ways * (CLIENTS // len(ways)))
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    async def _call(self, number: int, way: Callable[[], Awaitable[str]]) -> None:
        while True:
            self.replies[await way()] += 1
            self._replies_by_client[number] += 1
            await asyncio.sleep(0.01)

    async def wait_for_replies(self, count: int) -> None:
        """Wait until each client has received `count` more replies."""
        before = self._replies_by_client.copy()
        async with asyncio.timeout(30):
            while any(self._replies_by_client[client] < had + count for client, had in before.items()):
                await asyncio.sleep(0.02)


def servers_used(log: Path, since: str) -> set[str]:
    """Return the servers that got a request after `since`, a time in the format of the log.

    The edge writes a line up to a second late."""
    calls = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return {call["upstream"] for call in calls if call["time"] > since}


def count_failed(replies: Counter[str]) -> int:
    """Return how many calls failed because no server answered. Every other call must have succeeded."""
    # Calls of /healthz get the last two of these results.
    errors = ("no server answers", "upstream", "504 ")
    failures = {reply for reply in replies if any(error in reply for error in errors)}
    assert replies.keys() - failures == {"200 "}
    return sum(replies[reply] for reply in failures)


async def test_a_client_loses_at_most_one_call_when_a_server_hangs_or_is_killed_and_none_when_one_is_missing_or_stops(
    tmp_path: Path,
) -> None:
    await publish(tmp_path / "cache")
    port, monitor, log = free_port(), free_port(), tmp_path / "access.log"

    def server(host: str) -> Server:
        return Server(host, port, monitor, tmp_path / "cache")

    async def wait_until_used(host: str) -> None:
        """Wait until the log has requests to the server and to its monitor.

        Envoy readmits each of them after its own health check."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        async with asyncio.timeout(20):
            while not {f"{host}:{at}" for at in (port, monitor)} <= servers_used(log, now):
                await asyncio.sleep(0.1)

    first, second = await asyncio.gather(*(asyncio.to_thread(server, host) for host in HOSTS))
    await asyncio.gather(*(ready(f"{host}:{monitor}") for host in HOSTS))
    servers, monitors = ([f"{host}:{at}" for host in (MISSING_HOST, *HOSTS)] for at in (port, monitor))
    edge = await asyncio.to_thread(Edge, servers, monitors, access_log=str(log))
    clients = Clients(edge)
    try:
        async with clients.calling():
            await asyncio.gather(*map(wait_until_used, HOSTS))
            assert count_failed(clients.replies) == 0
            second.freeze()
            await clients.wait_for_replies(40)
            assert count_failed(clients.replies) <= CLIENTS
            second.thaw()
            await wait_until_used(HOSTS[1])
            clients.replies.clear()
            second.kill()
            await clients.wait_for_replies(40)
            assert count_failed(clients.replies) <= CLIENTS
            second = await asyncio.to_thread(server, HOSTS[1])
            await ready(f"{HOSTS[1]}:{monitor}")
            await wait_until_used(HOSTS[1])
            clients.replies.clear()
            first.process.terminate()
            assert await asyncio.to_thread(first.process.wait) == 0
            await clients.wait_for_replies(20)
    finally:
        edge.end()
        first.kill()
        second.kill()
    assert count_failed(clients.replies) == 0
