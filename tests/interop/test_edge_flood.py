"""Requests that are designed to be expensive, through the edge to two servers. The cost of each is in proportion to its
size. Other clients are not affected."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2

from tests.interop.edges import Server, publish, ready
from tests.programs import Edge, free_port
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc

LARGEST = 256 * 1024 - 8  # bytes of the largest request that a server accepts
DECODED = 78_000  # bytes of the largest request with a list that a server decodes
ANSWERED_S = 0.2  # seconds, on a quiet machine
ANSWERED_BUSY_S = 2.0  # the limit that every client is promised, also on a busy machine
QUIET_S = 0.01  # the slowest of many calls before the flood, on a quiet machine
AT_ONCE = 20
GROWTH = 10  # a server's memory may grow by this many bytes for each byte of a request
if TYPE_CHECKING:
    GenericHandler = grpc.GenericRpcHandler[bytes, bytes]
else:
    GenericHandler = grpc.GenericRpcHandler  # it is generic only in its published types
NAMES = ("127.0.0.1", "127.0.0.2")
SMALLEST_GROWTH = 8 * 1024 * 1024  # the allocator takes memory in blocks of some MiB
METHODS = api.DESCRIPTOR.services_by_name["MarketService"].methods
SERVING = health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING).SerializeToString()
STREAMS = {method.name for method in METHODS if method.server_streaming}
log = logging.getLogger(__name__)


def requests() -> Iterator[tuple[str, bytes]]:
    """Yield (RPC, request). For each repeated field and each text there is valid and invalid content, with few items and
    with many."""
    for method in METHODS:
        kind = GetMessageClass(method.input_type)
        for field in kind.DESCRIPTOR.fields:
            if field.is_repeated:
                text = field.type == FieldDescriptor.TYPE_STRING
                for value in ("", "BTCUSDT", "btc", "龙" * 80) if text else (0, 1, 99):
                    one = kind(**{field.name: [value]}).ByteSize()
                    for count in (32, 500, DECODED // one, LARGEST // one):
                        yield method.name, kind(**{field.name: [value] * count}).SerializeToString()
            elif field.type == FieldDescriptor.TYPE_STRING:
                for value in ("A", "龙", " ", "9"):
                    size = LARGEST // len(value.encode()) - 8
                    yield method.name, kind(**{field.name: value * size}).SerializeToString()
        yield method.name, bytes(LARGEST)
        yield method.name, b"\x9a\x06\x00" * (LARGEST // 3)  # a field that is not in the contract


@dataclass
class Deployment:
    """Two servers behind an edge."""

    servers: list[Server]
    edge: Edge

    def memory(self) -> list[int]:
        """Return the memory of each server in bytes."""
        pages = [int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) for server in self.servers]
        return [4096 * count for count in pages]

    def alive(self) -> bool:
        return all(server.process.poll() is None for server in self.servers)


@pytest_asyncio.fixture
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    await publish(tmp_path / "cache")
    port, monitor = free_port(), free_port()
    servers = [await asyncio.to_thread(Server, host, port, monitor, tmp_path / "cache") for host in NAMES]
    await asyncio.gather(*(ready(f"{host}:{monitor}") for host in NAMES))
    edge = await asyncio.to_thread(
        Edge, [f"{host}:{port}" for host in NAMES], [f"{host}:{monitor}" for host in NAMES], rate_limit=0
    )
    yield Deployment(servers, edge)
    edge.end()
    for server in servers:
        server.kill()


class Bystander:
    """A client that calls GetOverview repeatedly. A call that fails or is late ends the test."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self.slowest_s = 0.0

    async def call(self, times: int, deadline_s: float) -> None:
        for _ in range(times):
            started = time.perf_counter()
            await self._stub.GetOverview(api.GetOverviewRequest(), timeout=deadline_s)
            self.slowest_s = max(self.slowest_s, time.perf_counter() - started)

    @asynccontextmanager
    async def calling(self, deadline_s: float) -> AsyncIterator[None]:
        async def go_on() -> None:
            while True:
                await self.call(1, deadline_s)
                await asyncio.sleep(0.005)

        task = asyncio.create_task(go_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def send(address: str, rpc: str, raw: bytes, times: int) -> set[str]:
    """Send a request `times` times at once, and return the answers. It runs in a separate process, so that its work does not
    delay the bystander."""
    with grpc.insecure_channel(address) as channel:
        path: Any = f"/{SERVICE}/{rpc}"
        if rpc not in STREAMS:
            call: Any = channel.unary_unary(path, None, None)
            return {answer(pending.result) for pending in [call.future(raw) for _ in range(times)]}
        opened: list[Any] = [channel.unary_stream(path, None, None)(raw) for _ in range(times)]
        answers = {answer(partial(next, stream)) for stream in opened}
        for stream in opened:
            stream.cancel()
        return answers


def answer(receive: Callable[[], bytes]) -> str:
    """Return OK, or the code and the start of the message."""
    try:
        receive()
    except grpc.RpcError as error:
        call: Any = error
        return f"{call.code().name}: {call.details():.60}"
    return "OK"


async def test_expensive_requests_do_not_affect_other_clients(deployment: Deployment) -> None:
    every = list(requests())
    large = [(rpc, raw) for rpc, raw in every if len(raw) > LARGEST // 2]
    assert {rpc for rpc, _ in large} == {method.name for method in METHODS}
    loop, answers = asyncio.get_running_loop(), set()
    with ProcessPoolExecutor(1, get_context("spawn")) as attacker:

        async def attack(rpc: str, raw: bytes, times: int = 1) -> None:
            before, sent_bytes = deployment.memory(), len(raw)
            answers.update(await loop.run_in_executor(attacker, send, deployment.edge.address, rpc, raw, times))
            grown = [after - start for after, start in zip(deployment.memory(), before, strict=True)]
            growth = max(grown)
            assert growth <= GROWTH * times * sent_bytes + SMALLEST_GROWTH, (rpc, raw[:20], sent_bytes, times, grown)

        for rpc, raw in large:  # memory that is allocated only once does not count
            await loop.run_in_executor(attacker, send, deployment.edge.address, rpc, raw, AT_ONCE)
        async with grpc.aio.insecure_channel(deployment.edge.address) as channel:
            bystander = Bystander(market_service_pb2_grpc.MarketServiceStub(channel))
            await bystander.call(200, 5)
            deadline_s = ANSWERED_S if bystander.slowest_s < QUIET_S else ANSWERED_BUSY_S
            log.info("slowest call before: %.1f ms, allowed: %.1f s", 1000 * bystander.slowest_s, deadline_s)
            bystander.slowest_s = 0.0
            async with bystander.calling(deadline_s):
                for rpc, raw in every:
                    await attack(rpc, raw)
                for rpc, raw in large:
                    await attack(rpc, raw, AT_ONCE)
    log.info("slowest of the bystander's calls: %.0f ms", 1000 * bystander.slowest_s)
    assert {each.partition(":")[0] for each in answers} <= {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNAVAILABLE"}
    assert not [each for each in answers if "no server answers" in each]
    assert deployment.alive()


class Counting(GenericHandler):
    """A server whose health is SERVING. It fails every call in one of several ways, and counts them."""

    def __init__(self, way: Callable[[Any], Awaitable[bytes]]) -> None:
        self.seen, self._way = 0, way

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        async def serving(_: bytes, __: Any) -> bytes:
            return bytes(SERVING)

        async def call(_: bytes, context: Any) -> bytes:
            self.seen += 1
            return await self._way(context)

        return grpc.unary_unary_rpc_method_handler(serving if "Health" in handler_call_details.method else call)


async def hang(_: Any) -> bytes:
    await asyncio.Event().wait()
    return b""


async def cancel(context: Any) -> bytes:
    await context.abort(grpc.StatusCode.CANCELLED, "the server ends")
    return b""


async def fail(context: Any) -> bytes:
    await context.abort(grpc.StatusCode.UNAVAILABLE, "another reason")
    return b""


async def shut_down(context: Any) -> bytes:
    await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
    return b""


@pytest.mark.parametrize(("way", "seen"), [(hang, 1), (cancel, 1), (fail, 1), (shut_down, 3)])
async def test_a_delivered_call_is_retried_only_if_the_server_asks_for_it(
    way: Callable[[Any], Awaitable[bytes]], seen: int
) -> None:
    servers, handlers, addresses = [], [], []
    for _ in range(2):
        server, handler = grpc.aio.server(), Counting(way)
        server.add_generic_rpc_handlers((handler,))
        addresses.append(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        await server.start()
        servers.append(server)
        handlers.append(handler)
    edge = await asyncio.to_thread(Edge, addresses, addresses, rate_limit=0)
    try:
        async with grpc.aio.insecure_channel(edge.address) as channel:
            stub: Any = market_service_pb2_grpc.MarketServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.GetOverview(api.GetOverviewRequest(), timeout=10)
    finally:
        edge.end()
        for server in servers:
            await server.stop(0)
    assert sum(handler.seen for handler in handlers) == seen
