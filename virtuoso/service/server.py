"""The gRPC server: port, handlers, health, reflection, and a graceful shutdown."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import ConfigError, HistoryUnavailable
from virtuoso.market.v1 import market_service_pb2
from virtuoso.service import heap, library_services, reflection
from virtuoso.service.access_log import AccessLog
from virtuoso.service.alert_feed import AlertFeed
from virtuoso.service.cached_history import CachedHistory, Opener
from virtuoso.service.callers import StreamShares
from virtuoso.service.health import ALERTS, SERVICE, Health
from virtuoso.service.history_handlers import HistoryHandlers
from virtuoso.service.market import HEARTBEAT_S, MIN_INTERVAL_S, MarketHandlers
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.rpc import ConcurrencyLimits, RpcHandlers

if TYPE_CHECKING:
    from virtuoso.service.snapshot_cache import SnapshotCache

OPTIONS = (
    # Otherwise a second server could silently take the same port and half of the RPCs.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 256 * 1024),
    ("grpc.max_send_message_length", 4 * 1024 * 1024),
    # A path of 16 KiB and the other headers, which the edge accepts. gRPC's own soft limit of 8 KiB refuses some at random.
    ("grpc.max_metadata_size", 32 * 1024),
    ("grpc.absolute_max_metadata_size", 40 * 1024),
    # Keepalive detects clients that are gone but did not close the connection.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A phone that pings this often gets no GOAWAY.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    # A connection that does not finish its handshake, and one without calls, must not stay.
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 300_000),
    # RPCs on one connection. The edge opens another connection for more.
    ("grpc.max_concurrent_streams", 1024),
)
# The time for streams to end with a status. A stream whose client does not read is cancelled afterwards.
STREAMS_END_S = 1.0
# The time for the other RPCs to end after that: reflection and health.
STOP_S = 0.2
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
# The time for which the port stays open so that probes see NOT_SERVING. It is at most a quarter of the grace period.
LINGER_S = 1.5
log = logging.getLogger(__name__)


class MarketServer:
    """The server at `address`, such as "127.0.0.1:50051". Port 0 means any free port.

    The caller starts and closes `cache`. The server closes `readers`, and the history that `history` opens. `history` is
    None when there is no history (see CachedHistory)."""

    def __init__(
        self,
        address: str,
        cache: SnapshotCache,
        readers: RequestReaders,
        *,
        limits: ConcurrencyLimits | None = None,
        reflect: bool = True,
        credentials: grpc.ServerCredentials | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        min_interval_s: float = MIN_INTERVAL_S,
        history: Opener | None = None,
        access_log: AccessLog | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._address, self._cache, self._readers, self._clock = address, cache, readers, clock
        self._reflect, self._credentials = reflect, credentials
        self._limits = limits or ConcurrencyLimits()
        self._history = CachedHistory(history, clock=clock)
        self._alerts = AlertFeed(self._history, clock=clock)
        history_handlers = HistoryHandlers(cache, self._history, self._alerts, heartbeat_s=heartbeat_s, clock=clock)
        self._market = MarketHandlers(
            cache, readers, history_handlers, heartbeat_s=heartbeat_s, min_interval_s=min_interval_s, clock=clock
        )
        service = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]
        self._rpcs = RpcHandlers(service, self._market, cache, self._limits, access_log)
        # A client whose streams are all in use must still be able to watch the health.
        self._library_shares = StreamShares(self._limits.streams_per_address)
        self._server: grpc.aio.Server | None = None
        self._health_loop: asyncio.Task[None] | None = None
        self.health = Health(self._refresh_health)

    async def start(self) -> int:
        """Start the server and return the bound port. Raise ConfigError when the address cannot be used."""
        heap.share()
        server = grpc.aio.server(options=(*OPTIONS, *_connection_options(self._limits)))
        # gRPC passes bytes in both directions. RpcHandlers decodes requests, so the error table covers invalid ones too.
        server.add_generic_rpc_handlers((self._rpcs,))
        server.add_generic_rpc_handlers((library_services.handlers(HEALTH, self.health, self._library_shares),))
        if self._reflect:
            server.add_generic_rpc_handlers(reflection.handlers((SERVICE, HEALTH.full_name), self._library_shares))
        server.add_generic_rpc_handlers((library_services.UnknownRpcs(),))  # last: it takes every RPC
        try:
            if self._credentials is None:
                port = server.add_insecure_port(self._address)
            else:
                port = server.add_secure_port(self._address, self._credentials)
        except RuntimeError as error:
            raise ConfigError(
                f"GRPC_ADDRESS={self._address} cannot be used: another program uses the port, or the address is not one of "
                "this machine. Stop that program, or set VIRTUOSO_GRPC_ADDRESS to another host:port"
            ) from error
        self._server = server
        self._update_health()
        await server.start()
        self._health_loop = asyncio.create_task(self._follow_ticks())
        log.info("gRPC server listens on port %d", port)
        return port

    async def drain(self, grace_s: float) -> None:
        """Shut down within `grace_s`. Idempotent.

        First the health becomes NOT_SERVING. Then streams end with SHUTTING_DOWN, and calls in flight finish."""
        if self._server is None:
            return
        server, self._server = self._server, None
        end = self._clock.monotonic() + grace_s
        if self._health_loop is not None:
            self._health_loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._health_loop
        self.health.set_serving(("liveness",))
        self._rpcs.close()
        self._market.close()
        await self._rpcs.streams.drained(min(STREAMS_END_S, grace_s))
        await self._rpcs.calls.drained(self._seconds_until(end))
        await self._clock.sleep(min(LINGER_S, grace_s / 4, self._seconds_until(end)))
        self.health.close()
        await server.stop(min(STOP_S, self._seconds_until(end)))
        await self._readers.close()
        await self._alerts.close()
        await self._history.close()

    def status(self, name: str) -> str | None:
        """Return the last known status, SERVING or NOT_SERVING, or None for an unknown name."""
        if name == ALERTS:
            self._alerts.start()
        return self.health.status(name)

    def _seconds_until(self, end: float) -> float:
        return max(0.0, end - self._clock.monotonic())

    async def _refresh_health(self, name: str) -> None:
        """Check whether alerts are available. Do it only on request, so that unused history is not loaded."""
        if name != ALERTS or not self._cache.ready:
            return
        if not self._alerts.available:
            with suppress(HistoryUnavailable):
                await self._alerts.newest_cursor()
        self._update_health()

    async def _follow_ticks(self) -> None:
        while True:
            await self._cache.next_tick()
            self._update_health()

    def _update_health(self) -> None:
        if self._server is None:  # it drains, and stays NOT_SERVING
            return
        names = ["liveness", *self._cache.capabilities()]
        if self._cache.ready:
            names += ["", SERVICE, "readiness", *([ALERTS] if self._alerts.available else [])]
        self.health.set_serving(names)


def _connection_options(limits: ConcurrencyLimits) -> tuple[tuple[str, int], ...]:
    """Return the options by which a connection above the limit is refused, and one of this age takes no new RPCs.

    It ends when its streams have ended, each at the same age. A stream whose client does not read is cut off after that."""
    age_ms = int(limits.connection_age_s * 1000)
    return (
        ("grpc.max_allowed_incoming_connections", limits.connections),
        ("grpc.max_connection_age_ms", age_ms),
        ("grpc.max_connection_age_grace_ms", age_ms + 10_000),
    )
