"""A proxy in front of the recorded or simulated exchanges. A test alters their replies with a function.

    with AlteredExchange(replay.url) as exchange:
        exchange.alter = lambda path, query, body: {**body, "time": body["time"] + 3_600_000} if "tickers" in path else body
        venue = CcxtExchange("bybit", url=exchange.url)

The proxy runs in a thread, so synchronous and asynchronous tests can use it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web

from tests.programs import Market
from virtuoso.domain.http_server import HttpServer

KEPT_HEADERS = ("Content-Type", "Date", "Timenow", "Retry-After", "X-Cache")


@dataclass(frozen=True)
class Answer:
    """A reply with another status. `body` is JSON, or the text of a reply that is not JSON."""

    status: int
    body: Any


Alter = Callable[[str, Mapping[str, str], Any], Any]
"""Receives path, query and parsed JSON. Returns the JSON to send, or an Answer. It may change the body that it receives. It
runs in the thread of the proxy. Replies that are not JSON do not reach it."""


def unaltered(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Return the reply as it is."""
    return body


class AlteredExchange(Market):
    """Exchanges whose replies are altered by `alter`. A test may replace `alter` at any time. `fault` goes to the exchanges
    behind."""

    def __init__(self, upstream: str, alter: Alter = unaltered) -> None:
        self.alter = alter
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> AlteredExchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """Close the port."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> int:
        self._session = aiohttp.ClientSession()
        application = web.Application(client_max_size=1 << 24)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._server = HttpServer(application, shutdown_timeout_s=0.2)
        return await self._server.start("127.0.0.1:0")

    async def _end(self) -> None:
        await self._server.close()
        await self._session.close()

    async def _answer(self, request: web.Request) -> web.Response:
        data = await request.read()
        headers = {"Content-Type": request.content_type} if data else {}
        try:
            async with self._session.request(
                request.method, self._upstream + request.path_qs, data=data or None, headers=headers
            ) as reply:
                status, content = reply.status, await reply.read()
                headers = {name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers}
        except aiohttp.ClientError:  # the exchange aborted the connection
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)  # never sent, because the connection is closed
        try:
            body = json.loads(content)
        except ValueError:
            return web.Response(status=status, body=content, headers=headers)
        if not request.path.startswith("/__"):
            body = self.alter(request.path, request.query, body)
        if isinstance(body, Answer):
            status, body = body.status, body.body
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return web.Response(status=status, body=content, headers=headers)
