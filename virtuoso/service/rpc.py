"""The wrapper of every MarketService RPC: request id, admission, validation, the error table, metrics.

The handlers are wrapped once, when the server is created. A grpc.aio interceptor would do the same, but it runs again for
every RPC. That costs more than our handlers do. Health and reflection are not wrapped, so that a busy server does not
fail its probes."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import grpc
from google.protobuf.message_factory import GetMessageClass

from virtuoso import metrics
from virtuoso.domain.errors import DataUnavailable, NotReady, Overloaded, RequestError, ShuttingDown, TooManyStreams
from virtuoso.service import callers, encoding, errors, requests
from virtuoso.service.access_log import AccessLog, Call, certificate_name

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message
    from prometheus_client import Counter

    from virtuoso.service.market import MarketHandlers, Stream, Unary
    from virtuoso.service.snapshot_cache import SnapshotCache

    Handler = grpc.RpcMethodHandler[bytes, bytes]
    GenericHandler = grpc.GenericRpcHandler[bytes, bytes]
    Respond = Callable[[Message, "Context", "Progress"], Awaitable[bytes | None]]
else:
    GenericHandler = grpc.GenericRpcHandler  # generic only in its published types

_VALID_ID = re.compile(r"[A-Za-z0-9._:\-]{1,64}")
# The request fields that do not filter the reply.
_NOT_FILTERS = {"order_by", "page_size", "symbol", "timeframe"}
log = logging.getLogger(__name__)


class Context(Call, Protocol):
    """The part of grpc.aio.ServicerContext that the wrapper uses. The published types lack the rich status."""

    def time_remaining(self) -> float | None: ...

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str | bytes], ...], /) -> None: ...

    async def write(self, message: bytes, /) -> None: ...

    async def abort_with_status(self, status: grpc.Status, /) -> NoReturn: ...


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """The limits of one server: of concurrent calls, streams and connections, and of the age of connections and streams."""

    calls: int = 1000
    streams: int = 2000
    streams_per_address: int = 200
    connection_age_s: float = 3600.0
    connections: int = 10_000


class InFlight:
    """A counter of RPCs in flight. `full` is the error for an RPC above `limit`. `report` receives each new count."""

    def __init__(self, limit: int, full: RequestError, report: Callable[[int], object] = lambda _: None) -> None:
        self.count = 0
        self._limit, self._full, self._report = limit, full, report
        self._none_left: asyncio.Event | None = None  # None until `drained` is called

    def begin(self) -> None:
        """Add one RPC to the count."""
        self.count += 1
        self._report(self.count)

    def check_limit(self) -> None:
        """Raise `full` when the count is above the limit."""
        if self.count > self._limit:
            raise type(self._full)(*self._full.args)

    def end(self) -> None:
        """Remove one RPC from the count."""
        self.count -= 1
        self._report(self.count)
        if not self.count and self._none_left is not None:
            self._none_left.set()

    async def drained(self, limit_s: float) -> None:
        """Return when no RPC is in flight, or after `limit_s`."""
        self._none_left = asyncio.Event()
        if self.count:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._none_left.wait()


@dataclass(slots=True)
class Progress:
    """The bytes that one RPC has sent so far."""

    sent_bytes: int = 0


class RpcHandlers(GenericHandler):
    """The wrapped handlers of `market`. RPCs are refused while `cache` has nothing to serve, and after `close`."""

    def __init__(
        self,
        service: ServiceDescriptor,
        market: MarketHandlers,
        cache: SnapshotCache,
        limits: ConcurrencyLimits,
        access_log: AccessLog | None = None,
    ) -> None:
        self._cache, self._access_log = cache, access_log
        unary, streams = market.unary(), market.streams()
        if unary.keys() | streams.keys() != {method.name for method in service.methods}:
            raise AssertionError("the contract and the handlers have different RPCs")
        self._id_prefix, self._ids = secrets.token_hex(6), itertools.count(1)
        self._closing = False
        self.calls = InFlight(limits.calls, Overloaded(f"{limits.calls} calls are already in flight"))
        too_many = TooManyStreams(f"{limits.streams} streams are already open on this server")
        self.streams = InFlight(limits.streams, too_many, metrics.STREAMS.set)
        metrics.STREAMS_LIMIT.set(limits.streams)
        self._stream_age_s = limits.connection_age_s
        self._shares = callers.StreamShares(limits.streams_per_address)
        # By RPC path: a function that returns the handler for a request id.
        self._factories: dict[str, Callable[[str], Handler]] = {}
        for method in service.methods:
            self._factories[_path(method)] = (
                self._unary(method, unary[method.name])
                if method.name in unary
                else self._stream(method, streams[method.name])
            )
        self._handlers = {path: factory("") for path, factory in self._factories.items()}

    def close(self) -> None:
        """Refuse all RPCs from now on."""
        self._closing = True

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        """Return the wrapped handler of an RPC of this service. An RPC with a valid request id gets a separate handler."""
        path = handler_call_details.method
        for key, value in handler_call_details.invocation_metadata:
            if (
                key == errors.REQUEST_ID
                and isinstance(value, str)
                and _VALID_ID.fullmatch(value)
                and path in self._factories
            ):
                return self._factories[path](value)
        return self._handlers.get(path)

    def _unary(self, method: MethodDescriptor, handler: Unary) -> Callable[[str], Handler]:
        measures = MethodMetrics(method)

        async def respond(request: Message, context: Context, progress: Progress) -> bytes:
            age_s = self._cache.age_s
            reply: bytes = await handler(request, context)
            progress.sent_bytes = len(reply)
            metrics.REPLY_AGES.add(age_s)
            if encoding.is_single_field(reply) and not _is_filtered(request):
                measures.count_empty()
            return reply

        handle = self._wrap(method, respond, measures, self.calls)
        return lambda request_id: grpc.unary_unary_rpc_method_handler(
            partial(handle, request_id=request_id) if request_id else handle
        )

    def _stream(self, method: MethodDescriptor, handler: Stream) -> Callable[[str], Handler]:
        async def respond(request: Message, context: Context, progress: Progress) -> None:
            with self._shares.one(context):
                async with _for(self._stream_age_s), aclosing(handler(request, context)) as messages:
                    async for message in messages:
                        progress.sent_bytes += len(message)
                        try:
                            await context.write(message)
                        except grpc.aio.InternalError:  # the client ended the stream while the message waited
                            raise asyncio.CancelledError from None

        handle = self._wrap(method, respond, MethodMetrics(method), self.streams)
        return lambda request_id: grpc.unary_stream_rpc_method_handler(
            partial(handle, request_id=request_id) if request_id else handle
        )

    def _wrap(self, method: MethodDescriptor, respond: Respond, measures: MethodMetrics, in_flight: InFlight) -> Any:
        """Return the function that grpc.aio calls for each RPC."""
        path, read = _path(method), requests.reader(GetMessageClass(method.input_type))

        async def handle(raw: bytes, context: Context, request_id: str = "") -> bytes | None:
            started, code, progress = time.perf_counter(), "OK", Progress()
            measures.count_start()
            request_id = request_id or f"{self._id_prefix}-{next(self._ids):x}"
            context.set_trailing_metadata(((errors.REQUEST_ID, request_id),))
            in_flight.begin()
            try:
                in_flight.check_limit()
                self._admit()
                return await respond(read(raw), context, progress)
            except asyncio.CancelledError:
                code = "CANCELLED"
                raise
            except Exception as error:  # noqa: BLE001  # the error table covers every error
                status = errors.status(error, request_id)
                code = status.code.name
                self._log(path, error, status, _identity(request_id, context))
                await context.abort_with_status(status)
            finally:
                in_flight.end()
                took_s = time.perf_counter() - started
                measures.count_end(code, self._cache.path, took_s, len(raw), progress.sent_bytes)
                if self._access_log is not None:
                    self._access_log.record(context, path, code, request_id, seconds=took_s, sent_bytes=progress.sent_bytes)

        return handle

    def _admit(self) -> None:
        if self._closing:
            raise ShuttingDown("the server is shutting down")
        self._cache.current()

    def _log(self, path: str, error: Exception, status: errors.Status, identity: str) -> None:
        if errors.spec_of(error) is errors.UNKNOWN:
            log.error("%s failed, %s", path, identity, exc_info=error)
        else:
            # While nothing can be served, the snapshot cache has already logged the reason. A line per RPC adds nothing.
            level = logging.DEBUG if isinstance(error, NotReady | DataUnavailable | ShuttingDown) else logging.INFO
            log.log(level, "%s: %s %s, %s", path, status.code.name, status.details, identity)


class MethodMetrics:
    """The metrics of one RPC. Their labels are resolved once per code and path."""

    def __init__(self, method: MethodDescriptor) -> None:
        self._name = method.name
        self._rpc = metrics.CALLS.rpc(_path(method).removeprefix("/"))
        self._by_code_and_path: dict[tuple[str, str], tuple[Counter, metrics.EndedCalls]] = {}

    def count_start(self) -> None:
        """Count the start of an RPC."""
        self._rpc.started += 1

    def count_empty(self) -> None:
        """Count a reply that has only its provenance."""
        metrics.EMPTY_REPLIES.labels(self._name).inc()

    def count_end(self, code: str, path: str, seconds: float, received_bytes: int, sent_bytes: int) -> None:
        """Count the end of an RPC."""
        entry = self._by_code_and_path.get((code, path))
        if entry is None:
            entry = self._by_code_and_path[code, path] = (
                metrics.REPLIES.labels(self._name, path, code),
                self._rpc.ended.setdefault(code, metrics.EndedCalls()),
            )
        replies, ended = entry
        replies.inc()
        ended.count(seconds, received_bytes, sent_bytes)


@asynccontextmanager
async def _for(age_s: float) -> AsyncIterator[None]:
    """End the body at this age, up to 10 % earlier, so that streams which began together do not end together."""
    try:
        async with asyncio.timeout(age_s * random.uniform(0.9, 1)) as age:  # noqa: S311 - no secret
            yield
    except TimeoutError:
        if not age.expired():
            raise


def _identity(request_id: str, context: Context) -> str:
    """Return the words for the log that say which request it was, and of which certificate."""
    name = certificate_name(context)
    return f"request id {request_id}" + (f", client certificate {name!r}" if name is not None else "")


def _path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def _is_filtered(request: Message) -> bool:
    """Return True when the request selects a part of the data. An empty reply is then normal."""
    return any(field.name not in _NOT_FILTERS for field, _ in request.ListFields())
