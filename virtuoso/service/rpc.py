"""What happens around every call of MarketService, once: request id, admission, validation, the error table, measures.

Handlers are wrapped once, when the server is put together. A grpc.aio interceptor would do the same at a price: it runs
anew with every call, which costs more than our handlers do. Health and reflection are not wrapped, so that a busy server
does not fail its probes."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NoReturn, Protocol

import grpc
from google.protobuf.message_factory import GetMessageClass

from virtuoso import metrics
from virtuoso.domain.errors import DataUnavailable, NotReady, Overloaded, ShuttingDown, TooManyStreams
from virtuoso.service import encoding, errors, requests

if TYPE_CHECKING:
    from google.protobuf.descriptor import ServiceDescriptor
    from google.protobuf.message import Message
    from prometheus_client import Counter

    from virtuoso.service.market import MarketHandlers, Stream, Unary
    from virtuoso.service.snapshot_cache import SnapshotCache

    Handler = grpc.RpcMethodHandler[bytes, bytes]
    GenericHandler = grpc.GenericRpcHandler[bytes, bytes]
else:
    GenericHandler = grpc.GenericRpcHandler  # generic in its published types only

_SANE_ID = re.compile(r"[A-Za-z0-9._:\-]{1,64}")
_LOG_LINES_A_SECOND = 10  # of failed calls: a flood of them must not fill a disk
_WHOLE = {"order_by", "page_size", "symbol", "timeframe"}  # fields of requests that leave nothing out of what there is
log = logging.getLogger(__name__)


class Context(Protocol):
    """What is needed of grpc.aio.ServicerContext, whose published types lack the rich status."""

    def time_remaining(self) -> float | None: ...

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str | bytes], ...], /) -> None: ...

    async def write(self, message: bytes, /) -> None: ...

    async def abort_with_status(self, status: grpc.Status, /) -> NoReturn: ...


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """How much one server takes on at once."""

    calls: int = 1000
    streams: int = 2000


class InFlight:
    """How many are under way."""

    def __init__(self) -> None:
        self.count = 0
        self._none: asyncio.Event | None = None  # there while somebody waits for it

    def begin(self) -> None:
        """One more."""
        self.count += 1

    def end(self) -> None:
        """One less."""
        self.count -= 1
        if not self.count and self._none is not None:
            self._none.set()

    async def none(self, within_s: float) -> None:
        """Return when none is under way any more, or when the time is over."""
        self._none = asyncio.Event()
        if not self.count:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._none.wait()


class RpcHandlers(GenericHandler):
    """The handlers of `market`, wrapped. Nothing is admitted while `keeper` has nothing to serve, nor after `close`."""

    def __init__(
        self, service: ServiceDescriptor, market: MarketHandlers, keeper: SnapshotCache, limits: ConcurrencyLimits
    ) -> None:
        self._keeper, self._limits = keeper, limits
        unary, streams = market.unary(), market.streams()
        if unary.keys() | streams.keys() != {method.name for method in service.methods}:
            raise AssertionError("the contract and the handlers name different RPCs")
        self._id_prefix, self._ids = secrets.token_hex(6), itertools.count(1)
        self._closing = False
        self._log_second, self._log_lines = 0, 0
        self.calls = InFlight()
        self.streams = InFlight()
        metrics.STREAMS_LIMIT.set(limits.streams)
        self._made: dict[str, Callable[[str], Handler]] = {}
        for method in service.methods:
            name, request = f"/{service.full_name}/{method.name}", GetMessageClass(method.input_type)
            self._made[name] = (
                self._unary(name, request, unary[method.name])
                if method.name in unary
                else self._stream(name, request, streams[method.name])
            )
        self._handlers = {name: made("") for name, made in self._made.items()}

    def close(self) -> None:
        """Admit nothing more."""
        self._closing = True

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        """The wrapped handler of a method of ours; with one of its own for a call that brings a request id."""
        method = handler_call_details.method
        for key, value in handler_call_details.invocation_metadata:
            if key == errors.REQUEST_ID and isinstance(value, str) and _SANE_ID.fullmatch(value) and method in self._made:
                return self._made[method](value)
        return self._handlers.get(method)

    def _unary(self, method: str, request: type[Message], behaviour: Unary) -> Callable[[str], Handler]:
        read, tally, rpc = requests.reader(request), RpcMeasures(method), metrics.CALLS.rpc(method.removeprefix("/"))
        limit = self._limits.calls

        async def call(raw: bytes, context: Context, request_id: str = "") -> bytes:
            started, code, sent = time.perf_counter(), "OK", 0
            rpc.started += 1
            request_id = request_id or f"{self._id_prefix}-{next(self._ids):x}"
            context.set_trailing_metadata(((errors.REQUEST_ID, request_id),))
            self.calls.begin()
            try:
                if self.calls.count > limit:
                    raise Overloaded(f"{limit} calls are under way already")  # noqa: TRY301  # the table is below
                self._admit()
                asked, age_s = read(raw), self._keeper.age_s
                reply: bytes = await behaviour(asked, context)
                sent = len(reply)
                metrics.REPLY_AGES.add(age_s)
                if encoding.single(reply) and not _narrowed(asked):
                    tally.empty()
                return reply
            except asyncio.CancelledError:
                code = "CANCELLED"
                raise
            except Exception as error:  # noqa: BLE001  # every error goes through the one table
                status = self._explain(method, error, request_id)
                code = status.code.name
                await context.abort_with_status(status)
            finally:
                self.calls.end()
                tally.count(code, self._keeper.path, time.perf_counter() - started, len(raw), sent)

        return lambda request_id: grpc.unary_unary_rpc_method_handler(
            partial(call, request_id=request_id) if request_id else call
        )

    def _stream(self, method: str, request: type[Message], behaviour: Stream) -> Callable[[str], Handler]:
        read, tally, rpc = requests.reader(request), RpcMeasures(method), metrics.CALLS.rpc(method.removeprefix("/"))
        limit = self._limits.streams

        async def call(raw: bytes, context: Context, request_id: str = "") -> None:
            started, code, sent = time.perf_counter(), "OK", 0
            rpc.started += 1
            request_id = request_id or f"{self._id_prefix}-{next(self._ids):x}"
            context.set_trailing_metadata(((errors.REQUEST_ID, request_id),))
            self.streams.begin()
            metrics.STREAMS.set(self.streams.count)
            try:
                if self.streams.count > limit:
                    raise TooManyStreams(f"{limit} streams are open on this server already")  # noqa: TRY301  # as above
                self._admit()
                async with aclosing(behaviour(read(raw), context)) as messages:
                    async for message in messages:
                        sent += len(message)
                        await context.write(message)
            except asyncio.CancelledError:
                code = "CANCELLED"
                raise
            except Exception as error:  # noqa: BLE001  # every error goes through the one table
                status = self._explain(method, error, request_id)
                code = status.code.name
                await context.abort_with_status(status)
            finally:
                self.streams.end()
                metrics.STREAMS.set(self.streams.count)
                tally.count(code, self._keeper.path, time.perf_counter() - started, len(raw), sent)

        return lambda request_id: grpc.unary_stream_rpc_method_handler(
            partial(call, request_id=request_id) if request_id else call
        )

    def _admit(self) -> None:
        if self._closing:
            raise ShuttingDown("the server is going down")
        self._keeper.present()

    def _explain(self, method: str, error: Exception, request_id: str) -> errors.Status:
        status = errors.status(error, request_id)
        if errors.answer(error) is errors.UNKNOWN:
            log.error("%s failed, request id %s", method, request_id, exc_info=error)
            return status
        second = int(time.monotonic())
        if second != self._log_second:
            self._log_second, self._log_lines = second, 0
        self._log_lines += 1
        if self._log_lines <= _LOG_LINES_A_SECOND:
            # while nothing can be served the keeper has said so; a line per refused call would only fill a disk
            level = logging.DEBUG if isinstance(error, NotReady | DataUnavailable | ShuttingDown) else logging.INFO
            log.log(level, "%s: %s %s, request id %s", method, status.code.name, status.details, request_id)
        return status


class RpcMeasures:
    """The measures of one RPC, with their labels resolved once per outcome."""

    def __init__(self, method: str) -> None:
        self._name = method.rpartition("/")[2]
        self._rpc = metrics.CALLS.rpc(method.removeprefix("/"))
        self._known: dict[tuple[str, str], tuple[Counter, metrics.Outcome]] = {}

    def empty(self) -> None:
        """A reply that says nothing of the market."""
        metrics.EMPTY_REPLIES.labels(self._name).inc()

    def count(self, code: str, path: str, seconds: float, received: int, sent: int) -> None:
        """One call that has ended."""
        known = self._known.get((code, path))
        if known is None:
            known = self._known[code, path] = (
                metrics.REPLIES.labels(self._name, path, code),
                self._rpc.outcomes.setdefault(code, metrics.Outcome()),
            )
        replies, outcome = known
        replies.inc()
        outcome.count(seconds, received, sent)


def _narrowed(request: Message) -> bool:
    """True when the caller asked for a part only, which may well be empty."""
    return any(field.name not in _WHOLE for field, _ in request.ListFields())
