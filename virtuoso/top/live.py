"""`virtuoso top` in full-screen mode. It runs until the user quits."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import Namespace
from datetime import UTC

from virtuoso.client import connect
from virtuoso.client.tls import ClientTls, requested_tls
from virtuoso.top.application import TopApp
from virtuoso.top.connection import NO_CONNECTION
from virtuoso.top.watchlist import Watchlist


def top(options: Namespace) -> int:
    """Show the dashboard and return the exit code."""
    try:
        return asyncio.run(show(options.addr, requested_tls(options), options))
    except KeyboardInterrupt:
        return 130


async def show(address: str, tls: ClientTls | None, options: Namespace) -> int:
    """Show the dashboard of the server at `address` until the user quits, and return the exit code."""
    async with connect(address, tls=tls, health_service=None) as market:
        application = TopApp(
            market,
            address,
            Watchlist(options.watchlist),
            options.symbols,
            min_interval_s=options.min_interval,
            zone=None if options.time_zone == "local" else UTC,
        )
        for name in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(name, application.action_leave)
        code = await application.run_async()
    if code == NO_CONNECTION:
        sys.stderr.write(f"no data arrived from {address}: is a server running there?\n")
    return NO_CONNECTION if code is None else code
