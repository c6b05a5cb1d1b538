"""The HTTP server for operators and orchestrators: /metrics, /healthz, /livez, /readyz. Any process can have one.

/metrics can have a server of its own, on another address."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from virtuoso.domain.addresses import Address, address_in_use, format_address
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.http_server import HttpServer

log = logging.getLogger(__name__)

PORTS_TRIED = 20

Status = Callable[[str], str | None]
Readiness = Callable[[], tuple[bool, Mapping[str, object]]]


class Monitor:
    """The monitor server. `status(name)` returns SERVING, NOT_SERVING, or None for an unknown name.

    `readiness()` returns (whether the process is ready, details). `metrics`: it also serves /metrics."""

    def __init__(self, *, status: Status, readiness: Readiness, metrics: bool = True) -> None:
        self._status, self._readiness, self._has_metrics = status, readiness, metrics
        self._server: HttpServer | None = None

    async def start(self, address: str) -> int:
        """Listen on "host:port" and return the port (0: any free port). Raise OSError when it is not available."""
        application = web.Application()
        application.add_routes(
            [
                *([web.get("/metrics", _metrics)] if self._has_metrics else []),
                web.get("/healthz", self._healthz),
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
            ]
        )
        self._server = HttpServer(application, shutdown_timeout_s=1)
        return await self._server.start(address)

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._server is not None:
            await self._server.close()

    async def _healthz(self, request: web.Request) -> web.Response:
        """Return the same replies as grpc-gateway's WithHealthzEndpoint, so that its probes work here."""
        status = self._status(request.query.get("service", ""))
        if status is None:
            return _json(404, {"code": 5, "message": "unknown service", "details": []})
        if status != "SERVING":
            return _json(503, {"code": 14, "message": f"status:{status}", "details": []})
        return web.Response(body=b'{"status":"SERVING"}\n', content_type="application/json")  # grpc-gateway adds a newline

    async def _livez(self, _: web.Request) -> web.Response:
        return _json(200, {"live": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        ready, details = self._readiness()
        return _json(200 if ready else 503, details)


class MetricsServer:
    """A server of /metrics alone."""

    def __init__(self) -> None:
        application = web.Application()
        application.add_routes([web.get("/metrics", _metrics)])
        self._server = HttpServer(application, shutdown_timeout_s=1)

    async def start(self, address: str) -> int:
        """Listen like `Monitor.start`."""
        return await self._server.start(address)

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        await self._server.close()


@contextlib.asynccontextmanager
async def listening(
    server: Monitor | MetricsServer, setting: str, address: Address, reserved: Sequence[Address]
) -> AsyncIterator[None]:
    """Serve on `address` while the body runs. If its port is in use, use one of the next ports.

    Ports of `reserved` are skipped. Raise ConfigError, with the name of the setting, when no port is free."""
    host, first = address
    skipped = {port for _, port in reserved}
    for port in [p for p in range(first, first + PORTS_TRIED) if p not in skipped] if first else [0]:
        try:
            bound = await server.start(format_address((host, port)))
        except OSError:
            continue
        what = "metrics" if isinstance(server, MetricsServer) else "monitor"
        log.info("%s on http://%s", what, format_address((host, bound)))
        break
    else:
        raise ConfigError(address_in_use(setting, address))
    try:
        yield
    finally:
        await server.close()


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _json(status: int, body: Mapping[str, object]) -> web.Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return web.Response(status=status, body=text.encode(), headers={"Content-Type": "application/json"})
