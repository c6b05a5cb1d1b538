"""Snapshots as a collector publishes them, built as protobuf, and a server to serve them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.service.findings import beta, opportunity, record, sentiment, signal
from virtuoso.domain.model import DimensionKind
from virtuoso.market.v1 import (
    candle_pb2,
    confluence_pb2,
    market_service_pb2_grpc,
    mover_pb2,
    overview_pb2,
    provenance_pb2,
    snapshot_pb2,
    symbol_pb2,
)
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service.candle_reader import CandleReader
from virtuoso.service.history_reader import Opener
from virtuoso.service.rpc import ConcurrencyLimits
from virtuoso.service.server import MarketServer
from virtuoso.service.snapshot_cache import SnapshotCache
from virtuoso.wire import snapshots, times

T0 = 1_761_000_000_000  # a moment on all clocks of these tests
TTL_S = 3600.0
DIMENSIONS = tuple(kind.lower_name for kind in DimensionKind)
NAMES = ("BTC", "ETH", "SOL", "1000PEPE", "XRP", "DOGE", "SHIB1000", "1INCH", "BNB", "ADA")


class Clock:
    """A clock that stands until it is told to go."""

    def __init__(self, now_ms: int = T0) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def pass_s(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


def symbol_name(index: int) -> str:
    return f"{NAMES[index]}USDT" if index < len(NAMES) else f"COIN{index:03d}USDT"


def row(symbol: str, score: float | None = 61.25, **more: Any) -> confluence_pb2.ConfluenceRow:
    """A row; with a score it has all six dimensions too."""
    measured: dict[str, Any] = {} if score is None else {"score": score, "confidence": 0.52, "coverage": 0.9}
    if score is not None:
        measured |= {name: min(100.0, max(0.0, score + 3 * i - 7)) for i, name in enumerate(DIMENSIONS)}
    values: dict[str, Any] = {"price": 27.125, "change_24h_percent": -1.375, "turnover_24h_usd": 48_123_456.78}
    return confluence_pb2.ConfluenceRow(symbol=symbol, label=snapshots.label(score), **{**values, **measured, **more})


def confluence(of: confluence_pb2.ConfluenceRow, observed_ms: int) -> snapshot_pb2.Confluence:
    """A breakdown with three components a dimension."""
    dimensions = []
    for kind, name in enumerate(DIMENSIONS, start=1):
        score = getattr(of, name) if of.HasField("score") else None
        direction = None if score is None else (score - 50) / 50
        dimensions.append(
            confluence_pb2.Dimension(
                kind=confluence_pb2.DimensionKind.ValueType(kind),
                score=score,
                direction=direction,
                confidence=0.6,
                weight=1 / 6,
                coverage=1.0,
                contribution=0.5,
                observed_time=times.timestamp(observed_ms - 1000 * kind),
                sentence=f"The {name} reading of {of.symbol} leans a little.",
                components=[
                    confluence_pb2.Component(
                        name=f"{name}_{n}", direction=direction, confidence=0.6, weight=1 / 3, contribution=0.2, reading=1.5
                    )
                    for n in range(3)
                ],
            )
        )
    return snapshot_pb2.Confluence(
        row=of,
        dimensions=dimensions,
        agreement=0.7 if of.HasField("score") else None,
        drivers=[confluence_pb2.DIMENSION_KIND_VOLUME] if of.HasField("score") else [],
        price_time=times.timestamp(observed_ms),
    )


def mover(symbol: str, change: float, turnover: float = 2e6) -> mover_pb2.Mover:
    return mover_pb2.Mover(symbol=symbol, price=3.5, change_24h_percent=change, turnover_24h_usd=turnover)


def provenance(snapshot_id: str, observed_ms: int, expected: int, present: int, venue: str) -> provenance_pb2.Provenance:
    return provenance_pb2.Provenance(
        snapshot_id=snapshot_id,
        observed_time=times.timestamp(observed_ms),
        received_time=times.timestamp(observed_ms + 40),
        computed_time=times.timestamp(observed_ms + 250),
        venue=venue,
        environment=provenance_pb2.ENVIRONMENT_SIMULATED,
        coverage=provenance_pb2.Coverage(expected=expected, present=present),
        oldest_input_time=times.timestamp(observed_ms - 9000) if present else None,
        model_version="v1",
    )


def snapshot(
    snapshot_id: str = "s1",
    *,
    observed_ms: int = T0,
    size: int = 50,
    rows: Sequence[confluence_pb2.ConfluenceRow] | None = None,
    venue: str = "bybit",
    details: bool = True,
) -> snapshot_pb2.Snapshot:
    """A whole snapshot; without `rows`, of `size` symbols with different scores, every 17th without one."""
    if rows is None:
        rows = [
            row(symbol_name(i), None if i % 17 == 16 else 20.0 + (i * 37 + observed_ms // 1000) % 61, price=1.5 + i)
            for i in range(size)
        ]
    present = sum(item.HasField("score") for item in rows)
    return snapshot_pb2.Snapshot(
        provenance=provenance(snapshot_id, observed_ms, len(rows), present, venue),
        overview=overview_pb2.Overview(
            regime=overview_pb2.REGIME_NEUTRAL,
            regime_confidence=0.4,
            trend_strength=21.5,
            breadth=overview_pb2.Breadth(up=300, down=220, flat=4),
            total_turnover_24h_usd=1.5e11,
        ),
        rows=rows,
        confluences=[confluence(item, observed_ms) for item in rows if details],
        gainers=[mover(f"UP{i:02d}USDT", 40.0 - i, 1e6 * (i + 1)) for i in range(25)],
        losers=[mover(f"DOWN{i:02d}USDT", -30.0 + i, 1e6 * (i + 1)) for i in range(12)],
        symbols=[
            symbol_pb2.Symbol(symbol=item.symbol, base_asset=base, multiplier=multiplier, rank=rank, scored=True)
            for rank, item in enumerate(rows, start=1)
            for base, multiplier in [_market(item.symbol)]
        ],
        venue_symbols=[*(item.symbol for item in rows), "UNTRACKEDUSDT", "FLOKI1000USDT"],
        sentiment=sentiment(observed_ms),
        betas=[beta(item.symbol, rank, observed_ms) for rank, item in enumerate(rows[:-1], start=1)],
        signals=[signal(rows[i].symbol, i, observed_ms, venue) for i in range(min(5, len(rows)))],
        opportunities=[opportunity(rows[i].symbol, i, observed_ms, venue) for i in range(min(8, len(rows)))],
        signal_record=record(),
    )


def _market(symbol: str) -> tuple[str, int]:
    base = symbol.removesuffix("USDT")
    return {"SHIB1000": ("SHIB", 1000), "1000PEPE": ("PEPE", 1000)}.get(base, (base or symbol, 1))


def candle_series(
    symbol: str = "BTCUSDT", bars: int = 500, *, observed_ms: int = T0, step_s: int = 300, behind_ms: int = 0
) -> bytes:
    """Bars of five minutes, the newest closed just before `observed_ms`."""
    last = observed_ms // 1000 // step_s * step_s - step_s
    return snapshot_pb2.CandleSeries(
        symbol=symbol,
        timeframe=candle_pb2.TIMEFRAME_5M,
        candles=[
            candle_pb2.Candle(
                open_time=times.timestamp((last - step_s * i) * 1000), open=10, high=12, low=9, close=11, volume=5.0 + i
            )
            for i in reversed(range(bars))
        ],
        observed_time=times.timestamp(observed_ms - 20_000),
        received_time=times.timestamp(observed_ms - 19_950),
        venue="bybit",
        behind=times.duration(behind_ms) if behind_ms else None,
    ).SerializeToString()


def head_of(message: snapshot_pb2.Snapshot, blob: bytes, behind_ms: int = 0) -> snapshot_pb2.SnapshotHead:
    return snapshot_pb2.SnapshotHead(
        snapshot_id=message.provenance.snapshot_id,
        length=len(blob),
        checksum=snapshots.checksum(blob),
        observed_time=message.provenance.observed_time,
        venue=message.provenance.venue,
        behind=times.duration(behind_ms) if behind_ms else None,
    )


@dataclass
class Bench:
    """A server with all that is behind it, driven by hand: `show` publishes and polls, `at` moves the clock."""

    clock: Clock
    memory: MemoryRepository
    source: Any
    keeper: SnapshotCache
    server: MarketServer
    address: str
    channel: grpc.aio.Channel
    stub: Any

    async def publish(self, message: snapshot_pb2.Snapshot, behind_ms: int = 0) -> None:
        blob = message.SerializeToString()
        await self.memory.set(keys.snapshot(message.provenance.snapshot_id), blob, ttl_s=TTL_S)
        await self.memory.set(keys.HEAD, head_of(message, blob, behind_ms).SerializeToString(), ttl_s=TTL_S)

    async def poll(self) -> None:
        await self.keeper.poll()
        self.keeper.tick()

    async def show(self, message: snapshot_pb2.Snapshot, behind_ms: int = 0) -> None:
        await self.publish(message, behind_ms)
        await self.poll()

    async def settle(self) -> None:
        """Have seen a complete snapshot, so that one with gaps is served too."""
        await self.show(snapshot("complete", observed_ms=self.clock() - 5000))

    def after(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.keeper.tick()


@asynccontextmanager
async def bench(
    *,
    limits: ConcurrencyLimits | None = None,
    reflect: bool = True,
    heartbeat_s: float = 10.0,
    max_stale_s: float = 600.0,
    wrap: Callable[[TieredRepository], Any] = lambda tiers: tiers,
    primary_venue: str = "",
    near_s: float = 0.0,
    keep_s: float = 120.0,
    history: Opener | None = None,
) -> AsyncIterator[Bench]:
    """A real server on a free port; nothing is published yet and no loop runs: tests poll and tick."""
    clock, memory = Clock(), MemoryRepository()
    tiers = TieredRepository([memory])
    source = wrap(tiers)
    keeper = SnapshotCache(
        source, keys, max_stale_s=max_stale_s, primary_venue=primary_venue, clock=clock, keep_s=keep_s, period_s=0.05
    )
    charts = CandleReader(source, keys, max_stale_s=max_stale_s, clock=clock, near_s=near_s)
    server = MarketServer(
        "127.0.0.1:0",
        keeper,
        charts,
        limits=limits,
        reflect=reflect,
        heartbeat_s=heartbeat_s,
        history=history,
    )
    address = f"127.0.0.1:{await server.start()}"
    channel = grpc.aio.insecure_channel(address)
    stub = market_service_pb2_grpc.MarketServiceStub(channel)
    try:
        yield Bench(clock, memory, source, keeper, server, address, channel, stub)
    finally:
        await channel.close(None)
        await server.drain(0.1)
        await tiers.close()


@dataclass(frozen=True)
class Refusal:
    """What a client is told when a call fails."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    violations: dict[str, str]
    retry_s: float | None
    trailers: dict[str, Any]


async def refusal(call: Awaitable[Any]) -> Refusal:
    """The refusal of a call that must fail."""
    try:
        reply = await call
    except grpc.aio.AioRpcError as error:
        return told(error)
    raise AssertionError(f"the call was answered: {reply}")


def told(error: grpc.aio.AioRpcError) -> Refusal:
    """The details of an error as a client unpacks them."""
    call: Any = error  # has what a Call has; its published type does not say so
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
