"""A real server with a repository in memory, which tests drive step by step, and the details of its errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.clocks import SettableClock
from tests.service.snapshots import T0, TTL_S, head_of, market_list, market_series, snapshot
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.market.v1 import market_service_pb2_grpc
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service.cached_history import Opener
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.rpc import ConcurrencyLimits
from virtuoso.service.server import MarketServer
from virtuoso.service.snapshot_cache import SnapshotCache
from virtuoso.store.v1 import snapshot_pb2


async def publish(
    repository: SnapshotRepository, message: snapshot_pb2.Snapshot, behind_ms: int = 0, *, term: int = 0
) -> None:
    """Store a snapshot and its head as a collector does."""
    blob = message.SerializeToString()
    head = head_of(message, blob, behind_ms)
    head.term = term
    await repository.set(keys.snapshot(message.provenance.snapshot_id), blob, ttl_s=TTL_S)
    await repository.set(keys.HEAD, head.SerializeToString(), ttl_s=TTL_S)


@dataclass
class RunningServer:
    """A server with its repository and clock. No loop polls or ticks: the tests do this. The server reads
    `source`."""

    clock: SettableClock
    repository: MemoryRepository
    source: Any
    cache: SnapshotCache
    server: MarketServer
    address: str
    channel: grpc.aio.Channel
    stub: Any

    async def publish(self, message: snapshot_pb2.Snapshot, behind_ms: int = 0) -> None:
        """Store a snapshot. The server does not see it before the next poll."""
        await publish(self.repository, message, behind_ms)

    async def poll(self) -> None:
        """Poll and tick once."""
        await self.cache.poll()
        self.cache.tick()

    async def show(self, message: snapshot_pb2.Snapshot, behind_ms: int = 0) -> None:
        """Publish a snapshot and let the server see it."""
        await self.publish(message, behind_ms)
        await self.poll()

    async def settle(self) -> None:
        """Show a complete snapshot. After that, the server also serves a snapshot with gaps."""
        await self.show(snapshot("complete", observed_ms=self.clock.now_ms() - 5000))

    def after(self, seconds: float) -> None:
        """Set the clock forward and tick."""
        self.clock.advance(seconds)
        self.cache.tick()


@asynccontextmanager
async def running_server(
    *,
    limits: ConcurrencyLimits | None = None,
    reflect: bool = True,
    heartbeat_s: float = 10.0,
    min_interval_s: float = 0.0,
    max_stale_s: float = 600.0,
    wrap: Callable[[TieredRepository], Any] = lambda tiers: tiers,
    primary_venue: str = "",
    cache_s: float = 0.0,
    retention_s: float = 120.0,
    history: Opener | None = None,
) -> AsyncIterator[RunningServer]:
    """Start a real server on a free port. It has no snapshot yet. Without `min_interval_s`, its streams skip no snapshot.
    `wrap` can put another repository in front of its own."""
    clock, repository = SettableClock(T0), MemoryRepository()
    tiers = TieredRepository([repository])
    source = wrap(tiers)
    cache = SnapshotCache(
        source,
        keys,
        max_stale_s=max_stale_s,
        primary_venue=primary_venue,
        clock=clock,
        retention_s=retention_s,
        period_s=0.05,
    )
    readers = RequestReaders(source, keys, max_stale_s=max_stale_s, clock=clock, cache_s=cache_s)
    server = MarketServer(
        "127.0.0.1:0",
        cache,
        readers,
        limits=limits,
        reflect=reflect,
        heartbeat_s=heartbeat_s,
        min_interval_s=min_interval_s,
        history=history,
    )
    address = f"127.0.0.1:{await server.start()}"
    channel = grpc.aio.insecure_channel(address)
    stub = market_service_pb2_grpc.MarketServiceStub(channel)
    try:
        yield RunningServer(clock, repository, source, cache, server, address, channel, stub)
    finally:
        await channel.close(None)
        await server.drain(0.1)
        await tiers.close()


async def store_everything(server: RunningServer) -> None:
    """Show a snapshot with a record of outlooks, and store the list of markets and the series of BTC, so that each RPC
    has an answer."""
    message = snapshot()
    message.outlook_record.computed_time.CopyFrom(message.provenance.computed_time)
    await server.repository.set(keys.markets("bybit"), market_list().SerializeToString(), ttl_s=TTL_S)
    await server.repository.set(keys.series("bybit", "BTCUSDT"), market_series().SerializeToString(), ttl_s=TTL_S)
    await server.show(message)


@dataclass(frozen=True)
class Refusal:
    """What a client learns when a call fails."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    violations: dict[str, str]
    retry_s: float | None
    trailers: dict[str, Any]


async def refusal(call: Awaitable[Any]) -> Refusal:
    """Return the refusal of a call that must fail."""
    try:
        reply = await call
    except grpc.aio.AioRpcError as error:
        return refusal_in(error)
    raise AssertionError(f"the call was answered: {reply}")


def refusal_in(error: grpc.aio.AioRpcError) -> Refusal:
    """Return the details of an error as a client unpacks them."""
    call: Any = error  # it has the attributes of a Call, which its published type lacks
    rich = rpc_status.from_call(call)
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    retry_s = None
    for detail in rich.details:
        detail.Unpack(info)
        detail.Unpack(bad)
        if detail.Unpack(retry):
            retry_s = retry.retry_delay.ToMilliseconds() / 1000
    violations = {violation.field: violation.description for violation in bad.field_violations}
    trailers: dict[str, Any] = dict(call.trailing_metadata())
    return Refusal(error.code(), error.details() or "", info.reason, info.domain, violations, retry_s, trailers)
