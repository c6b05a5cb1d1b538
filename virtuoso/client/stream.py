"""Streams that resume automatically after a failure, from their last position and on any server that answers."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import grpc

from virtuoso.client.dashboard import Dashboard, after
from virtuoso.client.failure import Failure, failure
from virtuoso.market.v1.alert_pb2 import Alert, AlertKind, AlertLevel
from virtuoso.market.v1.market_service_pb2 import (
    WatchAlertsRequest,
    WatchAlertsResponse,
    WatchDashboardRequest,
    WatchDashboardResponse,
)

if TYPE_CHECKING:
    from virtuoso.market.v1.market_service_pb2_grpc import MarketServiceAsyncStub

SILENCE_S = 35.0  # servers send a message at least every 30 s
MIN_PAUSE_S, MAX_PAUSE_S = 0.2, 5.0
# The codes of broken connections and proxies. They are temporary when the error has none of our reasons.
TRANSPORT_CODES = (
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
)

Item = TypeVar("Item")
Message = TypeVar("Message", WatchAlertsResponse, WatchDashboardResponse)


class State(Enum):
    """The state of a stream's connection."""

    CONNECTING = "connecting"  # no message has arrived yet
    LIVE = "live"
    LOST = "lost"  # the last item is still the newest; the stream tries to reconnect


@dataclass(frozen=True, slots=True)
class Connection:
    """The state of a stream. `failure` is the cause of the state LOST, and None in the other states."""

    state: State
    failure: Failure | None = None


class Stream(ABC, Generic[Item, Message], AsyncIterator[Item]):
    """An endless stream of items. `connection` is its current state.

    It resumes when the server ends it, or when no message has arrived for `silence_s`. It also resumes after UNAVAILABLE,
    RESOURCE_EXHAUSTED, and the errors of a broken connection or a proxy. Before that, it waits. The pauses grow to
    5 s, have jitter, and are at least as long as the server requests. It raises any other grpc.aio.AioRpcError, because
    a new attempt would not help.

    The stream ends with `aclose`, with its Market, and when the wait for its next item is cancelled. asyncio.wait_for
    cancels this wait at its timeout. To poll a stream, read it in a separate task.
    """

    def __init__(self, stub: MarketServiceAsyncStub, *, silence_s: float = SILENCE_S) -> None:
        self._stub, self._silence_s = stub, silence_s
        self.connection = Connection(State.CONNECTING)
        self._items = self._run()

    async def __anext__(self) -> Item:
        return await anext(self._items)

    async def aclose(self) -> None:
        """End the stream. Idempotent."""
        await self._items.aclose()

    @abstractmethod
    def _call(self) -> grpc.aio.UnaryStreamCall[Any, Message]:
        """Return the call that resumes the stream."""

    @abstractmethod
    def _read(self, message: Message) -> Iterator[Item]:
        """Yield the items of a message."""

    async def _run(self) -> AsyncGenerator[Item]:
        pause_s = MIN_PAUSE_S
        while True:
            call = self._call()
            messages = aiter(call)
            try:
                while True:
                    async with asyncio.timeout(self._silence_s):
                        message = await anext(messages)
                    pause_s = MIN_PAUSE_S
                    self.connection = Connection(State.LIVE)
                    for item in self._read(message):
                        yield item
            except grpc.aio.AioRpcError as error:
                cause = failure(error)
                if not _is_temporary(cause):
                    self._lose(cause)
                    raise
            except StopAsyncIteration:
                cause = Failure(grpc.StatusCode.UNAVAILABLE, "the server ended the stream")
            except TimeoutError:
                cause = Failure(grpc.StatusCode.DEADLINE_EXCEEDED, f"no message for {self._silence_s:g} s")
            finally:
                call.cancel()
            self._lose(cause)
            jitter = random.random() / 2  # noqa: S311 - no secret; it spreads the reconnects of clients
            await asyncio.sleep(max(pause_s * (1 - jitter), (cause.retry_s or 0.0) * (1 + jitter / 2)))
            pause_s = min(2 * pause_s, MAX_PAUSE_S)

    def _lose(self, cause: Failure) -> None:
        self.connection = Connection(State.LOST, cause)


class DashboardStream(Stream[Dashboard, WatchDashboardResponse]):
    """A stream of the dashboard: after each change, and with its current age at every heartbeat."""

    _dashboard: Dashboard | None = None

    def __init__(
        self,
        stub: MarketServiceAsyncStub,
        symbols: Sequence[str] = (),
        *,
        min_interval_s: float | None = None,
        silence_s: float = SILENCE_S,
    ) -> None:
        super().__init__(stub, silence_s=silence_s)
        self._request = WatchDashboardRequest(symbols=symbols)
        if min_interval_s is not None:
            self._request.min_interval.FromNanoseconds(round(min_interval_s * 1e9))

    def _call(self) -> grpc.aio.UnaryStreamCall[Any, WatchDashboardResponse]:
        return self._stub.WatchDashboard(self._request)

    def _read(self, message: WatchDashboardResponse) -> Iterator[Dashboard]:
        self._dashboard = after(self._dashboard, message)
        if self._dashboard is not None:
            self._request.resume_token = message.resume_token
            yield self._dashboard


class AlertStream(Stream[Alert, WatchAlertsResponse]):
    """A stream of alerts, each once. `cursor` is the position after the last alert that was read. Use it after a restart."""

    def __init__(
        self,
        stub: MarketServiceAsyncStub,
        cursor: str = "",
        kinds: Sequence[AlertKind.ValueType] = (),
        min_level: AlertLevel.ValueType = AlertLevel.ALERT_LEVEL_UNSPECIFIED,
        *,
        silence_s: float = SILENCE_S,
    ) -> None:
        super().__init__(stub, silence_s=silence_s)
        self.cursor, self._kinds, self._min_level = cursor, tuple(kinds), min_level

    def _call(self) -> grpc.aio.UnaryStreamCall[Any, WatchAlertsResponse]:
        return self._stub.WatchAlerts(WatchAlertsRequest(cursor=self.cursor, kinds=self._kinds, min_level=self._min_level))

    def _read(self, message: WatchAlertsResponse) -> Iterator[Alert]:
        for alert in message.alerts:
            self.cursor = alert.cursor
            yield alert
        self.cursor = message.cursor


def _is_temporary(cause: Failure) -> bool:
    if cause.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        return True
    return cause.code in TRANSPORT_CODES and not cause.reason
