"""Streams that go on whatever breaks in between: each begins again where it ended, on whichever server answers."""

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

SILENCE_S = 35.0  # servers give a sign of life at least every 30 s
FIRST_PAUSE_S, MOST_PAUSE_S = 0.2, 5.0
# Said by proxies and connections that break, and then without a reason of ours.
BROKEN = (
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
)

Item = TypeVar("Item")
Message = TypeVar("Message", WatchAlertsResponse, WatchDashboardResponse)


class State(Enum):
    """How a stream is doing."""

    CONNECTING = "connecting"  # nothing has come yet
    LIVE = "live"
    LOST = "lost"  # what came last is what there is; it is tried again


@dataclass(frozen=True, slots=True)
class Connection:
    """The state of a stream, and why it broke last; None while it is live."""

    state: State
    failure: Failure | None = None


class Stream(ABC, Generic[Item, Message], AsyncIterator[Item]):
    """Yields for ever; `connection` says at any time how it is doing. It is tried again, after a pause with jitter that
    grows to 5 s or as the server asks, when it ends, when nothing came for `silence_s`, after UNAVAILABLE and
    RESOURCE_EXHAUSTED, and after what a broken connection or a proxy says. Any other grpc.aio.AioRpcError is raised: asking
    again would not help. Ends with `aclose`, with its Market, and when a wait for its next item is cancelled, as
    asyncio.wait_for does: who looks at it now and then reads it in a task of its own."""

    def __init__(self, stub: MarketServiceAsyncStub, *, silence_s: float = SILENCE_S) -> None:
        self._stub, self._silence_s = stub, silence_s
        self.connection = Connection(State.CONNECTING)
        self._items = self._run()

    async def __anext__(self) -> Item:
        return await anext(self._items)

    async def aclose(self) -> None:
        """End it. Idempotent."""
        await self._items.aclose()

    @abstractmethod
    def _call(self) -> grpc.aio.UnaryStreamCall[Any, Message]:
        """The call that goes on where it ended."""

    @abstractmethod
    def _read(self, message: Message) -> Iterator[Item]:
        """What a message brings."""

    async def _run(self) -> AsyncGenerator[Item]:
        pause_s = FIRST_PAUSE_S
        while True:
            call = self._call()
            messages = aiter(call)
            try:
                while True:
                    async with asyncio.timeout(self._silence_s):
                        message = await anext(messages)
                    pause_s = FIRST_PAUSE_S
                    self.connection = Connection(State.LIVE)
                    for item in self._read(message):
                        yield item
            except grpc.aio.AioRpcError as error:
                why = failure(error)
                if not _passing(why):
                    self._lost(why)
                    raise
            except StopAsyncIteration:
                why = Failure(grpc.StatusCode.UNAVAILABLE, "the server ended the stream")
            except TimeoutError:
                why = Failure(grpc.StatusCode.DEADLINE_EXCEEDED, f"nothing came for {self._silence_s:g} s")
            finally:
                call.cancel()
            self._lost(why)
            jitter = random.random() / 2  # noqa: S311 - no secret: that not all clients of a server come back at once
            await asyncio.sleep(max(pause_s * (1 - jitter), (why.retry_s or 0.0) * (1 + jitter / 2)))
            pause_s = min(2 * pause_s, MOST_PAUSE_S)

    def _lost(self, why: Failure) -> None:
        self.connection = Connection(State.LOST, why)


class DashboardStream(Stream[Dashboard, WatchDashboardResponse]):
    """The dashboard whenever it changes, and again with its present age at every sign of life."""

    _dashboard: Dashboard | None = None
    _token = ""

    def _call(self) -> grpc.aio.UnaryStreamCall[Any, WatchDashboardResponse]:
        return self._stub.WatchDashboard(WatchDashboardRequest(resume_token=self._token))

    def _read(self, message: WatchDashboardResponse) -> Iterator[Dashboard]:
        self._dashboard = after(self._dashboard, message)
        if self._dashboard is not None:
            self._token = message.resume_token
            yield self._dashboard


class AlertStream(Stream[Alert, WatchAlertsResponse]):
    """Each alert once. `cursor` is the place after the last one that was taken: begin there after a restart."""

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


def _passing(why: Failure) -> bool:
    if why.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        return True
    return why.code in BROKEN and not why.reason
