"""The two ways to a server: its handlers in this process, and `virtuoso serve` with a real client.

The handlers are those that gRPC calls, with bytes in both directions. They take most cases, because they answer thousands a
second. The process shows what gRPC itself, the settings and the real log add."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

import grpc

from tests.contract import histories
from tests.programs import Program, free_port
from tests.service.history_servers import alert, history_opener, sqlite_url
from tests.service.servers import running_server
from tests.service.snapshots import T0, TTL_S, candle_series, head_of, market_list, market_series, snapshot
from tools.fuzzing.cases import SYMBOLS, Rpc
from tools.fuzzing.contract import Answer
from virtuoso.domain.records import SignalStatus
from virtuoso.history.factory import open_history_writer
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.service import library_services, reflection
from virtuoso.service.callers import StreamShares
from virtuoso.service.health import SERVICE
from virtuoso.service.server import HEALTH
from virtuoso.store.v1 import snapshot_pb2

TIMEOUT_S = 20.0
# The size of the market and of its history: more than the largest page of each list.
SYMBOL_COUNT, BAR_COUNT, POINT_COUNT, RECORD_COUNT = 200, 400, 10_000, 520


class Target(Protocol):
    """What a case is sent to: the handlers of a server, or a server."""

    async def call(self, rpc: Rpc, raw: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> Answer:
        """Return the answer to a request. The answer of a stream has only the first message."""
        ...


class Ended(Exception):
    """The handler has ended its RPC with a status."""


class CallContext:
    """The context of one RPC of a handler. It stores the answer."""

    def __init__(self) -> None:
        self.answer = Answer()

    def time_remaining(self) -> float | None:
        """Return None: there is no deadline."""
        return None

    def peer(self) -> str:
        """Return the address of the caller."""
        return "ipv4:127.0.0.1:1"

    def auth_context(self) -> dict[str, list[bytes]]:
        """Return nothing: the caller has no certificate."""
        return {}

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return no metadata."""
        return ()

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str | bytes], ...], /) -> None:
        """Store the trailers."""
        self.answer.trailers = dict(metadata)

    async def write(self, message: bytes, /) -> None:
        """Store the first message of a stream, and end the stream as a client does."""
        self.answer.messages.append(message)
        raise asyncio.CancelledError

    async def abort(self, code: grpc.StatusCode, details: str = "") -> NoReturn:
        """Store an error without details."""
        self.answer.code, self.answer.text = code, details
        raise Ended

    async def abort_with_status(self, status: grpc.Status, /) -> NoReturn:
        """Store an error."""
        self.answer.trailers = dict(status.trailing_metadata or ())
        await self.abort(status.code, status.details)


@dataclass(frozen=True, slots=True)
class _Details:
    method: str
    invocation_metadata: Sequence[tuple[str, str]]


class Handlers:
    """The handlers of a server in this process. `forget` empties its caches, so that each call does all of its work."""

    def __init__(self, generic: Sequence[Any], forget: Callable[[], Awaitable[None]]) -> None:
        self._generic, self._forget = generic, forget

    async def call(self, rpc: Rpc, raw: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> Answer:
        """See Target. Raise what a handler raises: gRPC would log a traceback."""
        await self._forget()
        details, context = _Details(rpc.path, metadata), CallContext()
        handler = next(found for generic in self._generic if (found := generic.service(details)) is not None)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await _respond(handler, raw, context)
        except (Ended, asyncio.CancelledError):
            if context.answer.code is None and not context.answer.messages:
                raise
        return context.answer


async def _respond(handler: Any, raw: bytes, context: CallContext) -> None:
    encode = handler.response_serializer or bytes
    if handler.unary_unary:
        context.answer.messages.append(encode(await handler.unary_unary(raw, context)))
        return
    result = handler.stream_stream(_once(raw), context) if handler.stream_stream else handler.unary_stream(raw, context)
    if isinstance(result, Awaitable):
        await result
        return
    try:
        context.answer.messages.append(encode(await anext(result)))
    finally:
        await result.aclose()


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def fill_history(folder: Path) -> None:
    """Write a history to `folder`: points of BTC, closed signals and alerts."""
    writer = open_history_writer(sqlite_url(folder), timeout_s=20)
    fields: dict[str, Any] = {"status": SignalStatus.STOPPED, "closed_ms": T0, "exit_price": 0.29, "result_r": -1.0}
    await writer.write(
        points=[histories.point(observed_ms=T0 - 60_000 * n, volume=61.25) for n in range(1, POINT_COUNT)],
        signals=[histories.signal(n, **fields) for n in range(RECORD_COUNT)],
    )
    await writer.add_alerts([alert(n, reading=2.5, unit="%") for n in range(RECORD_COUNT)], cooldown_s={})
    await writer.close()


@asynccontextmanager
async def handlers(folder: Path) -> AsyncIterator[Handlers]:
    """Start the handlers of a server with a full market and the history in `folder`."""
    async with running_server(history=history_opener(sqlite_url(folder))) as running:
        await running.settle()
        await running.show(_with_record(snapshot(size=SYMBOL_COUNT)))
        await running.repository.set(keys.markets("bybit"), market_list().SerializeToString(), ttl_s=TTL_S)
        for symbol in SYMBOLS[:10]:
            await running.repository.set(keys.candles("bybit", symbol, "5m"), candle_series(symbol, BAR_COUNT), ttl_s=TTL_S)
            series = market_series(symbol).SerializeToString()
            await running.repository.set(keys.series("bybit", symbol), series, ttl_s=TTL_S)
        server: Any = running.server  # only tests use its parts
        shares = StreamShares(100)
        libraries = (
            library_services.handlers(HEALTH, server.health, shares),
            *reflection.handlers((SERVICE, HEALTH.full_name), shares),
        )
        yield Handlers((server._rpcs, *libraries), server._history._cache.close)  # noqa: SLF001


class Process:
    """`virtuoso serve` and a client of it. `log` has what the process has written."""

    def __init__(self, pid: int, channel: grpc.aio.Channel, log: Path) -> None:
        self.pid, self.log = pid, log
        self._channel: Any = channel

    async def call(self, rpc: Rpc, raw: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> Answer:
        """See Target."""
        options: dict[str, Any] = {"timeout": TIMEOUT_S, "metadata": metadata}
        answer = Answer()
        if rpc.method.client_streaming:
            call = self._channel.stream_stream(rpc.path)(iter((raw,)), **options)
        elif rpc.method.server_streaming:
            call = self._channel.unary_stream(rpc.path)(raw, **options)
        else:
            call = self._channel.unary_unary(rpc.path)(raw, **options)
        try:
            if rpc.method.server_streaming:
                message = await call.read()
                answer.messages = [message] if isinstance(message, bytes) else []
                call.cancel()
            else:
                answer.messages, answer.trailers = [await call], dict(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            answer.code, answer.text = error.code(), error.details() or ""
            answer.trailers = dict(error.trailing_metadata())  # type: ignore[arg-type]
        return answer

    def lines(self) -> list[str]:
        """Return the lines that the process has written."""
        return self.log.read_text(errors="replace").splitlines()


@asynccontextmanager
async def process(folder: Path) -> AsyncIterator[Process]:
    """Start `virtuoso serve` with a full market and the history in `folder`."""
    url, cache, log, port = sqlite_url(folder), folder / "cache", folder / "serve.log", free_port()
    await _publish(cache)
    address, monitor = f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}"
    words = ["--grpc-address", address, "--monitor-address", monitor, "--cache", f"directory:{cache}", "--history", url]
    words += ["--environment", "SIMULATED", "--max-stale-s", "86400"]
    with log.open("wb") as output:
        program = await asyncio.to_thread(Program, [sys.executable, "-m", "virtuoso", "serve", *words], port, output=output)
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Process(program.process.pid, channel, log)
    finally:
        program.kill()


async def _publish(cache: Path) -> None:
    repository, now_ms = DirectoryRepository(cache), int(time.time() * 1000)
    message = _with_record(snapshot(size=SYMBOL_COUNT, observed_ms=now_ms))
    markets = market_list(observed_ms=now_ms).SerializeToString()
    await repository.set(keys.markets("bybit"), markets, ttl_s=TTL_S)
    blob = message.SerializeToString()
    for symbol in SYMBOLS[:10]:
        series = candle_series(symbol, BAR_COUNT, observed_ms=now_ms)
        await repository.set(keys.candles("bybit", symbol, "5m"), series, ttl_s=TTL_S)
        figures = market_series(symbol, observed_ms=now_ms).SerializeToString()
        await repository.set(keys.series("bybit", symbol), figures, ttl_s=TTL_S)
    await repository.set(keys.snapshot(message.provenance.snapshot_id), blob, ttl_s=TTL_S)
    await repository.set(keys.HEAD, head_of(message, blob).SerializeToString(), ttl_s=TTL_S)
    await repository.close()


def _with_record(message: snapshot_pb2.Snapshot) -> snapshot_pb2.Snapshot:
    """Return the snapshot with a record of outlooks, so that each RPC has an answer."""
    message.outlook_record.computed_time.CopyFrom(message.provenance.computed_time)
    return message
