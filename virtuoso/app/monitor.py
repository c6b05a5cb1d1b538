"""The HTTP port for operators and orchestrators: /metrics, /healthz, /livez, /readyz. Any process can have one: what it
says comes from plain callables."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from virtuoso.domain.addresses import Address, joined, parse_address, taken
from virtuoso.domain.errors import ConfigError

log = logging.getLogger(__name__)

PORTS_TRIED = 20

Status = Callable[[str], str | None]
Readiness = Callable[[], tuple[bool, Mapping[str, object]]]


class Monitor:
    """`status(name)` is SERVING, NOT_SERVING or None for an unknown name; `readiness()` says whether, and why."""

    def __init__(self, *, status: Status, readiness: Readiness) -> None:
        self._status, self._readiness = status, readiness
        self._runner: web.AppRunner | None = None

    async def start(self, address: str) -> int:
        """Listen on "host:port" (port 0: any free one); the bound port. OSError when it cannot be had."""
        host, port = parse_address(address)
        application = web.Application()
        application.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port, reuse_port=False).start()
        except OSError:
            await self.close()
            raise
        bound: int = self._runner.addresses[0][1]
        return bound

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, request: web.Request) -> web.Response:
        """As grpc-gateway's WithHealthzEndpoint answers: probes written for it work here."""
        status = self._status(request.query.get("service", ""))
        if status is None:
            return _json(404, {"code": 5, "message": "unknown service", "details": []})
        if status != "SERVING":
            return _json(503, {"code": 14, "message": f"status:{status}", "details": []})
        return web.Response(body=b'{"status":"SERVING"}\n', content_type="application/json")  # with the gateway's newline

    async def _livez(self, _: web.Request) -> web.Response:
        return _json(200, {"live": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        ready, facts = self._readiness()
        return _json(200 if ready else 503, facts)


@contextlib.asynccontextmanager
async def listening(
    address: Address, kept_free: Sequence[Address], *, status: Status, readiness: Readiness
) -> AsyncIterator[None]:
    """A monitor on `address` while the body runs, or on the next free port where another process has it; those of
    `kept_free` are left alone. ConfigError when none can be had."""
    host, wished = address
    server = Monitor(status=status, readiness=readiness)
    reserved = {port for _, port in kept_free}
    for port in [p for p in range(wished, wished + PORTS_TRIED) if p not in reserved] if wished else [0]:
        try:
            bound = await server.start(joined((host, port)))
        except OSError:
            continue
        log.info("monitor on http://%s/metrics", joined((host, bound)))
        break
    else:
        raise ConfigError(taken("MONITOR_ADDRESS", address))
    try:
        yield
    finally:
        await server.close()


def _json(status: int, body: Mapping[str, object]) -> web.Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return web.Response(status=status, body=text.encode(), headers={"Content-Type": "application/json"})
