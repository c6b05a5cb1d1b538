"""The WebSocket connections of all venues, and the clock at which their streams send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiohttp import WSMsgType, web

from virtuoso.simulator.binance import streams as binance
from virtuoso.simulator.bybit import streams as bybit
from virtuoso.simulator.faults import BLOCK_PAGE, Fault
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.streams.frames import PONG, frame
from virtuoso.simulator.streams.venue import Connection, StreamVenue

TICK_MS = 25
POLICY_VIOLATION = 1008
# The HTTP status of a refused connection, by fault.
REFUSALS = {"ws_refuse": 503, "429": 429, "bybit_10006": 403, "html_403": 403, "451": 451}

log = logging.getLogger(__name__)


class StreamServer:
    """The streams of the venues that have some. `clock` returns epoch ms."""

    def __init__(self, market: SimulatedMarket, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.venues: Mapping[str, StreamVenue] = {
            "bybit": bybit.BybitStreams(market),
            "binance": binance.BinanceStreams(market),
        }
        self._connected = asyncio.Event()
        self._ticks: asyncio.Task[None] | None = None

    def serves(self, path: str) -> bool:
        """Return whether this is the path of a stream."""
        return path == bybit.PATH or binance.PATH.fullmatch(path) is not None

    def set_fault(self, venue: str, fault: Fault) -> None:
        """Begin a fault of a venue's streams, or end the current one."""
        if venue in self.venues:
            self.venues[venue].set_fault(fault, self._clock())

    def start(self) -> None:
        """Begin to send. Without clients nothing is computed."""
        self._ticks = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Reset all connections. Idempotent."""
        if self._ticks is not None:
            self._ticks.cancel()
            await asyncio.wait({self._ticks})
            self._ticks = None
        for venue in self.venues.values():
            venue.abort_all()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not any(venue.connections for venue in self.venues.values()):
                self._connected.clear()
                await self._connected.wait()
            for name, venue in self.venues.items():
                if venue.connections:
                    try:
                        venue.tick(self._clock())
                    except Exception:  # one bad topic must not end all streams
                        log.exception("the streams of %s cannot send", name)
            step_s = TICK_MS / 1000
            await asyncio.sleep(step_s - loop.time() % step_s)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection to its end, or refuse it."""
        if request.path == bybit.PATH:
            return await self._serve("bybit", request, [], route="", combined=False)
        match = binance.PATH.fullmatch(request.path)
        route, kind, rest = match.groups() if match else (None, "ws", None)
        names = request.query.get("streams", "") if kind == "stream" else rest or ""
        split = [name for name in names.split("/") if name]
        return await self._serve("binance", request, split, route=route or "", combined=kind == "stream")

    async def _serve(
        self, name: str, request: web.Request, names: list[str], *, route: str, combined: bool
    ) -> web.StreamResponse:
        venue = self.venues[name]
        mode, transport = venue.fault.mode, request.transport
        if mode == "down" or transport is None:
            if transport is not None:
                transport.abort()
            return web.Response(status=503)  # never sent, because the connection is closed
        if mode in REFUSALS:
            venue.counts["refused"] += 1
            status = 418 if (name, mode) == ("binance", "bybit_10006") else REFUSALS[mode]
            return web.Response(status=status, text=BLOCK_PAGE, content_type="text/html")
        if mode == "slow":
            await asyncio.sleep(venue.fault.latency_ms / 1000)
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        connection = Connection(transport, self._clock(), route=route, combined=combined)
        venue.open(connection, self._clock(), names)
        self._connected.set()
        try:
            await self._receive(venue, connection, socket)
        finally:
            venue.close(connection)
        return socket

    async def _receive(self, venue: StreamVenue, connection: Connection, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            now_ms = connection.heard_ms = self._clock()
            venue.counts["received"] += 1
            if message.type == WSMsgType.PONG:
                connection.ponged_ms = now_ms
            going_on = venue.allowed(connection, now_ms)
            if going_on and message.type == WSMsgType.PING:
                connection.pinged_ms = now_ms
                connection.out.append(frame(bytes(message.data), PONG))
            elif going_on and message.type in (WSMsgType.TEXT, WSMsgType.BINARY) and venue.fault.mode != "ws_silent":
                text = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
                going_on = venue.receive(connection, text, now_ms)
            venue.flush(connection, now_ms)
            if not going_on:
                await socket.close(code=POLICY_VIOLATION)
                break
