"""The service grpc.health.v1.Health according to its specification.

For an unknown name, Check returns NOT_FOUND. Watch sends SERVICE_UNKNOWN and stays open.

This module replaces the servicer of grpcio-health-checking, which has three defects. Its initial status of "" is SERVING.
It writes to a watcher while it holds the lock that a status change needs. It keeps streams open when the server stops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso import metrics
from virtuoso.market.v1 import market_service_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

SERVICE = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"].full_name
ALERTS = "alerts"
CAPABILITIES = ("confluence", "overview", "movers", "beta", "signals", "opportunities", ALERTS)
NAMES = ("", SERVICE, "liveness", "readiness", *CAPABILITIES)
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the package has no types
    """The statuses by name. All are NOT_SERVING at first. `refresh(name)` is called before an RPC returns a status."""

    def __init__(self, refresh: Callable[[str], Awaitable[None]]) -> None:
        self._refresh = refresh
        self._serving = dict.fromkeys(NAMES, False)
        self._changed = asyncio.Event()
        self._closing = False
        self._update_metrics()

    def status(self, name: str) -> str | None:
        """Return SERVING or NOT_SERVING, or None for an unknown name."""
        serving = self._serving.get(name)
        return None if serving is None else "SERVING" if serving else "NOT_SERVING"

    def set_serving(self, serving: Iterable[str]) -> None:
        """Set these names to SERVING and all others to NOT_SERVING."""
        names = frozenset(serving)
        statuses = {name: name in names for name in NAMES}
        if statuses != self._serving:
            self._serving = statuses
            self._update_metrics()
            self._wake()

    def close(self) -> None:
        """End open Watch streams after their last status. Otherwise they would outlast the grace period of the server."""
        self._closing = True
        self._wake()

    def _update_metrics(self) -> None:
        for name, serving in self._serving.items():
            metrics.SERVING.labels(name).set(serving)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def Check(  # noqa: N802  # the standard's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse],
    ) -> health_pb2.HealthCheckResponse:
        """Return the status of one name. Abort with NOT_FOUND for an unknown name."""
        await self._refresh(request.service)
        serving = self._serving.get(request.service)
        if serving is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return health_pb2.HealthCheckResponse(status=_SERVING if serving else _NOT_SERVING)

    async def List(  # noqa: N802  # the standard's name
        self,
        _: health_pb2.HealthListRequest,
        __: grpc.aio.ServicerContext[health_pb2.HealthListRequest, health_pb2.HealthListResponse],
    ) -> health_pb2.HealthListResponse:
        """Return the status of every name."""
        for name in NAMES:
            await self._refresh(name)
        statuses = {
            name: health_pb2.HealthCheckResponse(status=_SERVING if serving else _NOT_SERVING)
            for name, serving in self._serving.items()
        }
        return health_pb2.HealthListResponse(statuses=statuses)

    async def Watch(  # noqa: N802  # the standard's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse],
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Yield the current status, then the status after each change."""
        await self._refresh(request.service)
        last_sent = None
        while True:
            serving = self._serving.get(request.service)
            status = _UNKNOWN if serving is None else _SERVING if serving else _NOT_SERVING
            if status != last_sent:
                last_sent = status
                yield health_pb2.HealthCheckResponse(status=status)
            elif self._closing:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
            else:
                await self._changed.wait()
