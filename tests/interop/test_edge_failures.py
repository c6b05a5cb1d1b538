"""The edge when servers, clients or Envoy itself fail."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
from pathlib import Path

import aiohttp
import grpc
import pytest
from google.rpc import status_pb2

from tests.interop.edges import details, running_edge
from tests.service.servers import refusal, running_server
from tests.service.snapshots import T0, snapshot
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.server import MarketServer


async def test_healthz_has_the_status_of_the_server() -> None:
    async with running_edge() as one:
        not_serving = {"code": 14, "message": "status:NOT_SERVING", "details": []}
        assert (await one.http("/healthz"))[:2] == (503, not_serving)
        await one.market.show(snapshot())
        assert (await one.http("/healthz"))[:2] == (200, {"status": "SERVING"})
        assert (await one.http("/healthz?service=confluence"))[:2] == (200, {"status": "SERVING"})
        unknown = {"code": 5, "message": "unknown service", "details": []}
        assert (await one.http("/healthz?service=nope"))[:2] == (404, unknown)


async def gathered(process: asyncio.subprocess.Process, out: bytearray) -> None:
    """Add what a program writes to `out` until it ends."""
    assert process.stdout is not None
    while chunk := await process.stdout.read(65_536):
        out += chunk
    await process.wait()


async def test_streams_last_longer_than_the_default_timeouts_of_a_proxy() -> None:
    async with running_edge(heartbeat_s=2, spec={"rate_limit": 50, "access_log": "-"}) as one:
        await one.market.show(snapshot())
        process, out = await one.buf("grpcweb", "WatchDashboard", {}), bytearray()
        web = asyncio.create_task(gathered(process, out))
        async with one.stub() as stub:
            plain = stub.WatchDashboard(api.WatchDashboardRequest())
            kinds = [(await plain.read()).WhichOneof("event")]
            reading = asyncio.create_task(plain.read())
            for _ in range(36):  # 18 s; a route's default is 15 s
                await asyncio.sleep(0.5)
                one.market.cache.tick()
                if reading.done():
                    kinds.append(reading.result().WhichOneof("event"))
                    reading = asyncio.create_task(plain.read())
            await one.market.show(snapshot("s2", observed_ms=T0 + 5000))
            async with asyncio.timeout(5):
                while kinds[-1] != "delta":
                    kinds.append((await reading).WhichOneof("event"))
                    reading = asyncio.create_task(plain.read())
            async with asyncio.timeout(20):
                while b'"delta"' not in out and not web.done():
                    await asyncio.sleep(0.05)
            assert not web.done(), out
            plain.cancel()
            await asyncio.wait({reading})
        process.terminate()
        await web
    assert (kinds[0], set(kinds[1:-1])) == ("snapshot", {"heartbeat"})
    assert out.count(b'"heartbeat"') > 5


async def test_a_slow_reader_skips_states_through_the_edge() -> None:
    async with running_edge() as one:
        await one.market.show(snapshot())
        loop = asyncio.get_running_loop()
        with socket.socket() as phone:
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            phone.setblocking(False)
            await loop.sock_connect(phone, ("127.0.0.1", one.edge.port))
            head = f"POST /{SERVICE}/WatchDashboard HTTP/1.1\r\nhost: x\r\ncontent-type: application/grpc-web+proto\r\n"
            await loop.sock_sendall(phone, head.encode() + b"content-length: 5\r\n\r\n" + bytes(5))
            read, published = await loop.sock_recv(phone, 100), 0
            for step in range(1, 201):
                one.market.clock.advance(1)
                message = snapshot(f"s{step}", observed_ms=T0 + 1000 * step, details=False)
                published += message.ByteSize()
                await one.market.show(message)
                await asyncio.sleep(0.005)
            async with asyncio.timeout(10):
                while b"s200" not in read:
                    read += await loop.sock_recv(phone, 1 << 16)
    assert len(read) < published / 4


async def test_a_stopped_server_is_reported_and_used_again_after_its_restart() -> None:
    async with running_edge() as one:
        await one.market.show(snapshot())
        assert (await one.http("/v1/overview"))[0] == 200
        await one.market.server.drain(0)

        status, body, _ = await one.http("/v1/overview")
        found = details(body)
        assert (status, body["code"], body["message"]) == (503, 14, "no server answers")
        assert (found["ErrorInfo"]["reason"], found["RetryInfo"]["retryDelay"]) == ("NO_SERVER", "1s")
        async with one.stub() as stub:
            refused = await refusal(stub.GetOverview(api.GetOverviewRequest(), timeout=5))
        assert (refused.code, refused.reason, refused.retry_s) == (grpc.StatusCode.UNAVAILABLE, "NO_SERVER", 1)
        assert refused.message == "no server answers"
        web = {"content-type": "application/grpc-web+proto"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{one.edge.url}/{SERVICE}/GetOverview", data=bytes(5), headers=web) as reply,
        ):
            assert reply.headers["grpc-status"] == "14"
            binary = reply.headers["grpc-status-details-bin"]
            rich = status_pb2.Status.FromString(base64.b64decode(binary + "=" * (-len(binary) % 4)))
            assert (rich.code, len(rich.details)) == (14, 2)

        market = one.market
        again = MarketServer(
            market.address, market.cache, RequestReaders(market.source, keys, max_stale_s=600, clock=market.clock)
        )
        await again.start()
        try:
            async with asyncio.timeout(10):
                while (await one.http("/v1/overview"))[0] != 200:
                    await asyncio.sleep(0.1)
        finally:
            await again.drain(0)


async def test_a_server_that_does_not_serve_gets_no_calls_while_another_serves() -> None:
    async with running_server() as ready, running_edge(others=(ready,)) as one:
        await ready.show(snapshot())
        async with asyncio.timeout(10):
            in_a_row = 0
            while in_a_row < 30:
                in_a_row = in_a_row + 1 if (await one.http("/v1/overview"))[0] == 200 else 0


async def test_streams_end_with_a_reason_when_server_and_edge_stop_together() -> None:
    async with running_edge(linger_s=1) as one:
        await one.market.show(snapshot())
        async with one.stub() as stub:
            stream = stub.WatchDashboard(api.WatchDashboardRequest())
            assert (await stream.read()).WhichOneof("event") == "snapshot"
            one.edge.process.terminate()
            draining = asyncio.create_task(one.market.server.drain(2))
            refused = await refusal(stream.read())
            await draining
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
        assert refused.message != "no server answers"


async def test_an_envoy_that_ends_is_restarted() -> None:
    async with running_edge() as one:
        await one.market.show(snapshot())
        first = one.edge.envoy()
        assert first is not None
        os.kill(first, 9)
        async with asyncio.timeout(10):
            while True:
                try:
                    assert (await one.http("/v1/overview"))[0] == 200
                    break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
        assert one.edge.envoy() not in (None, first)


async def test_envoy_ends_with_its_launcher_even_if_the_launcher_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    async with running_edge() as one:
        envoy = one.edge.envoy()
        assert envoy is not None
        async with asyncio.timeout(5):
            while list(tmp_path.iterdir()):
                await asyncio.sleep(0.02)
        one.edge.kill()
        async with asyncio.timeout(5):
            while running(envoy):
                await asyncio.sleep(0.02)


def running(process: int) -> bool:
    """Return True when the process runs. Return False for a zombie, of which only the exit code is left."""
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(listing.stdout.strip()) and not listing.stdout.startswith("Z")
