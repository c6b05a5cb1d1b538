"""One gRPC server: port, handlers, health, reflection; and going down in an order that loses no call."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso.domain.errors import ConfigError, HistoryUnavailable
from virtuoso.market.v1 import market_service_pb2
from virtuoso.service import heap, reflection
from virtuoso.service.alert_feed import AlertFeed
from virtuoso.service.candle_reader import CandleReader
from virtuoso.service.health import ALERTS, SERVICE, Health
from virtuoso.service.history_handlers import HistoryHandlers
from virtuoso.service.history_reader import CachedHistory, Opener
from virtuoso.service.market import HEARTBEAT_S, MarketHandlers
from virtuoso.service.rpc import ConcurrencyLimits, RpcHandlers

if TYPE_CHECKING:
    from virtuoso.service.snapshot_cache import SnapshotCache

OPTIONS = (
    ("grpc.so_reuseport", 0),  # else a second server takes the same port and half of the calls, silently
    ("grpc.max_receive_message_length", 256 * 1024),
    ("grpc.max_send_message_length", 4 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 60_000),  # finds readers that are gone without a word
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # a phone may ping as often without a GOAWAY
)
STREAMS_END_S = 1.0  # a stream whose reader has stopped reading cannot be told: it is cut
STOP_S = 0.2  # for what is left then: reflection, health
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
LINGER_S = 1.5  # that the port stays open for probes to see NOT_SERVING, at most a quarter of the grace
log = logging.getLogger(__name__)


class MarketServer:
    """`address` such as "127.0.0.1:50051" (port 0: any free one). The keeper is started and closed by its owner; `charts`
    is closed here, and so is what `history` opens (None: there is no history): see CachedHistory."""

    def __init__(
        self,
        address: str,
        keeper: SnapshotCache,
        charts: CandleReader,
        *,
        limits: ConcurrencyLimits | None = None,
        reflect: bool = True,
        credentials: grpc.ServerCredentials | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        history: Opener | None = None,
    ) -> None:
        self._address, self._keeper, self._charts = address, keeper, charts
        self._reflect, self._credentials = reflect, credentials
        self._archive = CachedHistory(history)
        self._tail = AlertFeed(self._archive)
        chronicle = HistoryHandlers(keeper, self._archive, self._tail, heartbeat_s=heartbeat_s)
        self._market = MarketHandlers(keeper, charts, chronicle, heartbeat_s=heartbeat_s)
        service = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]
        self._calls = RpcHandlers(service, self._market, keeper, limits or ConcurrencyLimits())
        self._server: grpc.aio.Server | None = None
        self._following: asyncio.Task[None] | None = None
        self.health = Health(self._look)

    async def start(self) -> int:
        """Open the port and answer; the bound port. ConfigError when the address cannot be had."""
        heap.share()
        server = grpc.aio.server(options=OPTIONS)
        # bytes in, bytes out: `RpcHandlers` reads requests itself, so that a bad one goes through the error table too
        server.add_generic_rpc_handlers((self._calls,))
        health_pb2_grpc.add_HealthServicer_to_server(self.health, server)
        if self._reflect:
            server.add_generic_rpc_handlers(reflection.handlers((SERVICE, HEALTH)))
        try:
            if self._credentials is None:
                port = server.add_insecure_port(self._address)
            else:
                port = server.add_secure_port(self._address, self._credentials)
        except RuntimeError as error:
            raise ConfigError(
                f"GRPC_ADDRESS={self._address} cannot be had: another program uses the port, or the address is not one of "
                "this machine. Stop that program, or set VIRTUOSO_GRPC_ADDRESS to another host:port"
            ) from error
        self._server = server
        self._show()
        await server.start()
        self._following = asyncio.create_task(self._follow())
        log.info("answering gRPC on port %d", port)
        return port

    async def drain(self, grace_s: float) -> None:
        """Go down: health NOT_SERVING first, then streams end with SHUTTING_DOWN and calls under way finish, within
        `grace_s`. Idempotent."""
        if self._server is None:
            return
        server, self._server = self._server, None
        end = time.monotonic() + grace_s
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        self.health.show(("liveness",))
        self._calls.close()
        self._market.close()
        await self._calls.streams.none(min(STREAMS_END_S, grace_s))
        await self._calls.calls.none(end - time.monotonic())
        await asyncio.sleep(max(0.0, min(LINGER_S, grace_s / 4, end - time.monotonic())))
        self.health.close()
        await server.stop(min(STOP_S, max(0.0, end - time.monotonic())))
        await self._charts.close()
        await self._tail.close()
        await self._archive.close()

    def status(self, name: str) -> str | None:
        """SERVING or NOT_SERVING as far as it is known now; None for a name that is not."""
        if name == ALERTS:
            self._tail.begin()
        return self.health.status(name)

    async def _look(self, name: str) -> None:
        """Find out about alerts when they are asked about: a server that needs no history does not load one."""
        if name != ALERTS or not self._keeper.ready:
            return
        if not self._tail.up:
            with suppress(HistoryUnavailable):
                await self._tail.newest()
        self._show()

    async def _follow(self) -> None:
        while True:
            await self._keeper.next_tick()
            self._show()

    def _show(self) -> None:
        names = ["liveness", *self._keeper.capabilities()]
        if self._keeper.ready:
            names += ["", SERVICE, "readiness", *([ALERTS] if self._tail.up else [])]
        self.health.show(names)
