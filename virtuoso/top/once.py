"""`virtuoso top` without full-screen mode: one plain table, highest score first."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Collection

import grpc

from virtuoso.client import connect, failure
from virtuoso.client.tls import ClientTls, requested_tls
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top.connection import NO_CONNECTION, REFUSED
from virtuoso.top.plain_table import plain_table

CONNECT_S = 2.0


def top_once(options: Namespace) -> int:
    """Print the table and return the exit code."""
    return asyncio.run(show(options.addr, requested_tls(options), options.symbols))


async def show(address: str, tls: ClientTls | None, symbols: Collection[str]) -> int:
    """Read the dashboard once, print it, and return the exit code. Without `symbols`, print all rows."""
    # There is no health check, because the error of the server has more details than NOT_SERVING.
    async with connect(address, tls=tls, health_service=None) as market:
        try:
            await asyncio.wait_for(market.channel.channel_ready(), CONNECT_S)
        except TimeoutError:
            sys.stderr.write(f"no connection to {address} within {CONNECT_S:g} s: is a server running there?\n")
            return NO_CONNECTION
        try:
            reply = await market.stub.GetDashboard(api.GetDashboardRequest())
        except grpc.aio.AioRpcError as error:
            sys.stderr.write(f"{address}: {failure(error)}\n")
            return REFUSED
    rows = [row for row in reply.rows if not symbols or row.symbol in symbols]
    del reply.rows[:]
    reply.rows.extend(rows)
    try:
        sys.stdout.write(plain_table(reply))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the pipe, such as head, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
