"""A real WebSocket on this machine: messages, pings, refusals, ends, and what waits to be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from virtuoso.exchange.streams.socket import Socket, open_socket

Serve = Callable[[web.WebSocketResponse], Awaitable[None]]


class Server:
    """A server with one WebSocket. `serve` handles it."""

    def __init__(self) -> None:
        self.url = ""
        self.serve: Serve = self.wait
        self.pongs = asyncio.Event()

    async def wait(self, websocket: web.WebSocketResponse) -> None:
        async for message in websocket:
            if message.type is aiohttp.WSMsgType.PONG:
                self.pongs.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/refused":
            raise web.HTTPServiceUnavailable
        websocket = web.WebSocketResponse(autoping=False)
        await websocket.prepare(request)
        await self.serve(websocket)
        return websocket


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_get("/{path}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


async def opened(server: Server) -> Socket:
    return await open_socket(f"{server.url}/v5")


async def test_messages_arrive_until_the_venue_ends_the_connection(server: Server) -> None:
    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str((await websocket.receive()).data + "!")
        await websocket.send_bytes(b"\x00")
        await websocket.close()

    server.serve = serve
    socket = await opened(server)
    await socket.send("hello")
    assert [await socket.receive() for _ in range(4)] == ["hello!", b"\x00", None, None]
    await socket.close()


async def test_a_broken_connection_ends_and_cannot_be_written(server: Server) -> None:
    async def serve(websocket: web.WebSocketResponse) -> None:
        assert websocket._req is not None
        assert websocket._req.transport is not None
        websocket._req.transport.abort()

    server.serve = serve
    socket = await opened(server)
    assert await socket.receive() is None
    with pytest.raises((OSError, aiohttp.ClientError)):
        await socket.send("hello")
    assert socket.waiting_bytes() == 0
    await socket.close()


@pytest.mark.parametrize("path", ["ws://127.0.0.1:1/v5", "/refused", "/a/b"])
async def test_a_connection_that_is_refused_raises(server: Server, path: str) -> None:
    with pytest.raises((OSError, aiohttp.ClientError)):
        await open_socket(path if path.startswith("ws") else server.url + path)


async def test_the_venues_pings_are_answered(server: Server) -> None:
    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.ping(b"1")
        await server.wait(websocket)

    server.serve = serve
    socket = await opened(server)
    receiving = asyncio.create_task(socket.receive())
    await asyncio.wait_for(server.pongs.wait(), 30)
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    await socket.close()


async def test_what_is_not_read_waits(server: Server) -> None:
    async def serve(websocket: web.WebSocketResponse) -> None:
        for _ in range(100):
            await websocket.send_str("x" * 100_000)

    server.serve = serve
    socket = await opened(server)
    async with asyncio.timeout(30):
        while socket.waiting_bytes() < 100_000:
            await asyncio.sleep(0.01)
        for _ in range(100):
            assert len(await socket.receive() or "") == 100_000
    assert await socket.receive() is None
    assert socket.waiting_bytes() == 0
    await socket.close()
