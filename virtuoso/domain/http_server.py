"""An HTTP server for an aiohttp application."""

from __future__ import annotations

from aiohttp import web

from virtuoso.domain.addresses import parse_address


class HttpServer:
    """Serve `application` from `start` to `close`. At shutdown, running requests have `shutdown_timeout_s` to finish."""

    def __init__(self, application: web.Application, *, shutdown_timeout_s: float) -> None:
        self._application, self._shutdown_timeout_s = application, shutdown_timeout_s
        self._runner: web.AppRunner | None = None

    async def start(self, address: str) -> int:
        """Listen on "host:port" and return the port. Port 0 selects any free port.

        Raise OSError if the port is not available."""
        host, port = parse_address(address)
        self._runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=self._shutdown_timeout_s)
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
