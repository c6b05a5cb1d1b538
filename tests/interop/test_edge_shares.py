"""Clients that take more than their share, through the edge: many streams, streams that they do not read, connections that
stay. Other clients still get their streams."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.certificates import certify
from tests.interop.edges import Server, publish, ready, running_edge
from tests.programs import Edge, free_port
from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, snapshot
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc
from virtuoso.service import server as server_module
from virtuoso.service.rpc import ConcurrencyLimits

HOSTS = ("127.0.0.1", "127.0.0.2")
FLOODER, OTHER = "127.0.0.2", "127.0.0.3"
STREAMS, SHARE = 24, 6
EMPTY = bytes(5)  # the frame of an empty request


def opened(address: str, source: str, *headers: str) -> socket.socket:
    """Open a WatchDashboard stream as gRPC-Web over HTTP/1.1 from the address `source`. Nothing reads it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.bind((source, 0))
    host, _, port = address.rpartition(":")
    connection.connect((host, int(port)))
    lines = [f"POST /{SERVICE}/WatchDashboard HTTP/1.1", "Host: edge", "Content-Type: application/grpc-web+proto"]
    text = "\r\n".join([*lines, f"Content-Length: {len(EMPTY)}", *headers, "", ""])
    connection.sendall(text.encode() + EMPTY)
    connection.settimeout(10)
    return connection


def head(stream: socket.socket) -> str:
    """Return the first bytes of a reply, with its headers."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = stream.recv(4096)
        if not part:
            break
        received += part
    return received.decode(errors="replace").lower()


def refused(reply: str) -> bool:
    return "grpc-status: 8" in reply


@asynccontextmanager
async def deployment(folder: Path, *more: str) -> AsyncIterator[Edge]:
    """Start two servers and an edge in front of them."""
    await publish(folder)
    port, monitor = free_port(), free_port()
    servers = [await asyncio.to_thread(Server, host, port, monitor, folder, *more) for host in HOSTS]
    await asyncio.gather(*(ready(f"{host}:{monitor}") for host in HOSTS))
    addresses, monitors = ([f"{host}:{at}" for host in HOSTS] for at in (port, monitor))
    edge = await asyncio.to_thread(Edge, addresses, monitors, rate_limit=0)
    try:
        yield edge
    finally:
        edge.end()
        for each in servers:
            each.kill()


async def test_an_address_that_keeps_opening_streams_ends_no_stream_of_others(tmp_path: Path) -> None:
    async with deployment(
        tmp_path / "cache", "--max-streams", str(STREAMS), "--max-streams-per-address", str(SHARE)
    ) as edge:
        held: list[socket.socket] = []
        numbers = itertools.count()

        async def flood() -> None:
            while True:  # each stream claims to be forwarded for another client
                claim = f"X-Forwarded-For: 10.0.0.{next(numbers) % 250}"
                held.append(await asyncio.to_thread(opened, edge.address, FLOODER, claim))
                await asyncio.sleep(0.01)

        flooding = asyncio.create_task(flood())
        try:
            while len(held) < 2 * len(HOSTS) * STREAMS:
                await asyncio.sleep(0.02)
            kept = [await asyncio.to_thread(opened, edge.address, OTHER) for _ in range(SHARE // 2)]
            answers = [await asyncio.to_thread(head, stream) for stream in kept]
            for _ in range(100):
                stream = await asyncio.to_thread(opened, edge.address, OTHER)
                answers.append(await asyncio.to_thread(head, stream))
                stream.close()
        finally:
            flooding.cancel()
            with suppress(asyncio.CancelledError):
                await flooding
        first = [await asyncio.to_thread(head, stream) for stream in held[: 2 * len(HOSTS) * STREAMS]]
        for stream in (*held, *kept):
            stream.close()
    assert not [answer for answer in answers if refused(answer) or not answer.startswith("http/1.1 200")]
    assert 0 < sum(not refused(answer) for answer in first) <= len(HOSTS) * SHARE


async def test_a_direct_caller_has_a_share_of_streams_and_a_share_of_health_streams() -> None:
    async with running_server(limits=ConcurrencyLimits(streams_per_address=2)) as one:
        await one.show(snapshot())
        dashboards = [one.stub.WatchDashboard(api.WatchDashboardRequest()) for _ in range(2)]
        watch = health_pb2_grpc.HealthStub(one.channel).Watch
        statuses = [watch(health_pb2.HealthCheckRequest()) for _ in range(2)]
        for stream in (*dashboards, *statuses):
            await stream.read()
        for extra in (one.stub.WatchAlerts(api.WatchAlertsRequest()), watch(health_pb2.HealthCheckRequest())):
            answer = await refusal(extra.read())
            assert (answer.code.name, answer.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")
            assert "from this address" in answer.message
        forwarded = one.stub.WatchDashboard(
            api.WatchDashboardRequest(), metadata=(("x-forwarded-for", "10.1.1.1, 203.0.113.9"),)
        )
        await forwarded.read()
        for stream in (*dashboards, *statuses, forwarded):
            stream.cancel()


async def show_until(market: RunningServer, wanted: Callable[[], bool], size: int = 500) -> None:
    """Show a snapshot with other rows again and again until `wanted`."""
    for number in itertools.count(1):
        if wanted():
            return
        market.clock.advance(1)
        await market.show(snapshot(f"n{number}", observed_ms=T0 + number * 1000, size=size, details=False))
        await asyncio.sleep(0.02)


@pytest.mark.timeout(300)
async def test_unread_streams_end_and_the_others_stay() -> None:
    async with running_edge(spec={"unread_s": 1.5}, heartbeat_s=0.3) as one, one.stub() as stub, asyncio.timeout(240):
        await one.market.show(snapshot("n0", size=500, details=False))
        options = [("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(one.edge.address, options=options) as channel:
            unread: Any = market_service_pb2_grpc.MarketServiceStub(channel)
            frames = unread.WatchDashboard(api.WatchDashboardRequest())  # HTTP/2
            await frames.read()
            sockets = [await asyncio.to_thread(opened, one.edge.address, FLOODER) for _ in range(4)]  # HTTP/1.1
            for stream in sockets:
                assert not refused(await asyncio.to_thread(head, stream))
            read = stub.WatchDashboard(api.WatchDashboardRequest())
            messages = aiter(read)
            await anext(messages)
            received = asyncio.create_task(_count(messages))
            await show_until(one.market, lambda: one.market.server._rpcs.streams.count == 1)
            assert not received.done()
            await asyncio.gather(*map(ended, sockets))
            for stream in sockets:
                stream.close()
            read.cancel()
            assert await received > 3


async def _count(messages: AsyncIterator[Any]) -> int:
    count = 0
    with suppress(asyncio.CancelledError):
        async for _ in messages:
            count += 1
    return count


@contextmanager
def silent(address: str) -> Iterator[list[socket.socket]]:
    """Open 50 connections that send no byte."""
    host, _, port = address.rpartition(":")
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection((host, int(port)), timeout=10)) for _ in range(50)]


async def ended(connection: socket.socket) -> None:
    """Return once the peer has ended the connection."""
    with suppress(ConnectionResetError):
        while await asyncio.to_thread(connection.recv, 1 << 20):
            pass


def client_hello() -> bytes:
    """Return the first message of a TLS handshake, whole."""
    sent = ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        connection.do_handshake()
    return sent.read()


@pytest.mark.parametrize("tls", [False, True])
async def test_connections_that_send_no_byte_end(tmp_path: Path, tls: bool) -> None:
    spec: dict[str, Any] = {"silent_s": 0.5}
    if tls:
        spec["certificate"], spec["key"] = certify(tmp_path)
    async with running_edge(spec=spec) as one:
        with silent(one.edge.address) as connections:
            if tls:
                connections[0].sendall(b"\x16\x03\x01\x02\x00")  # the start of a handshake
                connections[1].sendall(client_hello())
            await asyncio.gather(*map(ended, connections))


async def test_connections_to_a_server_that_send_no_byte_end(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dict(server_module.OPTIONS)
    assert given["grpc.server_handshake_timeout_ms"] == 10_000
    monkeypatch.setattr(server_module, "OPTIONS", tuple((given | {"grpc.server_handshake_timeout_ms": 300}).items()))
    async with running_server() as one:
        with silent(one.address) as connections:
            await asyncio.gather(*map(ended, connections))


@pytest.mark.parametrize("way", ["edge", "server"])
async def test_a_stream_and_its_connection_end_at_their_age_and_the_next_stream_resumes_without_a_gap(way: str) -> None:
    age = 1.0
    limits = ConcurrencyLimits(connection_age_s=age)
    async with running_edge(spec={"connection_age_s": age}, limits=limits) as one, asyncio.timeout(90):
        address = one.edge.address if way == "edge" else one.market.address
        await one.market.show(snapshot("n0"))
        showing = asyncio.create_task(show_until(one.market, lambda: False, 50))
        token = ""
        kinds: list[str] = []
        async with grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub: Any = market_service_pb2_grpc.MarketServiceStub(channel)
            while len(kinds) < 3:
                stream, events = stub.WatchDashboard(api.WatchDashboardRequest(resume_token=token)), []
                try:
                    async for message in stream:
                        events.append(str(message.WhichOneof("event")))
                        token = message.resume_token
                except grpc.aio.AioRpcError as error:
                    assert error.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017 - it began on a connection that ended
                kinds += events[:1]
            while (state := channel.get_state()) is not grpc.ChannelConnectivity.IDLE:
                await channel.wait_for_state_change(state)
        showing.cancel()
        assert kinds == ["snapshot", "delta", "delta"]
