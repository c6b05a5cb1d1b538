"""`virtuoso top` from its words on. Exit codes: 0 shown, or quit; 2 no connection (quit before anything ever came); 3 the
server refused."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import grpc

from virtuoso.client import Market, connect, failure
from virtuoso.market.v1 import market_service_pb2 as api

NO_CONNECTION, REFUSED = 2, 3
WAIT_S = 2.0  # to connect, when there is nobody to see it tried again


def run(address: str, certificates: bytes | None, *, tls: bool, once: bool, watchlist: Path) -> int:
    """Show the dashboard of the server at `address`, once or where standard output is no terminal as a table, until it is
    quit otherwise. `certificates`: roots in PEM that a server with TLS is trusted by, None for the usual ones."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would write across the screen
    credentials = grpc.ssl_channel_credentials(certificates) if tls else None
    if once or not sys.stdout.isatty():
        return asyncio.run(_once(address, credentials))
    return asyncio.run(_live(address, credentials, watchlist))


async def _once(address: str, credentials: grpc.ChannelCredentials | None) -> int:
    from virtuoso.top.plain import table  # noqa: PLC0415 - as below, only what is needed is loaded

    # Health is not asked for: what the server itself says is better than that it is not serving.
    async with connect(address, credentials=credentials, health_service=None) as market:
        try:
            await asyncio.wait_for(market.channel.channel_ready(), WAIT_S)
        except TimeoutError:
            sys.stderr.write(f"no connection to {address} within {WAIT_S:g} s: is a server running there?\n")
            return NO_CONNECTION
        try:
            reply = await market.stub.GetDashboard(api.GetDashboardRequest())
        except grpc.aio.AioRpcError as error:
            sys.stderr.write(f"{address}: {failure(error)}\n")
            return REFUSED
    try:
        sys.stdout.write(table(reply))
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


async def _live(address: str, credentials: grpc.ChannelCredentials | None, watchlist: Path) -> int:
    from virtuoso.top.application import NEVER_CONNECTED, Top  # noqa: PLC0415
    from virtuoso.top.watchlist import Watchlist  # noqa: PLC0415

    market: Market
    async with connect(address, credentials=credentials, health_service=None) as market:
        top = Top(market, address, Watchlist(watchlist))
        for name in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(name, top.action_leave)
        code = await top.run_async()
    if code == NEVER_CONNECTED:
        sys.stderr.write(f"nothing ever came from {address}: is a server running there?\n")
    return NO_CONNECTION if code is None else code
