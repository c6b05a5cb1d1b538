"""The text that a node prints when it serves: its addresses and an example call of each kind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso.client.tls import ClientTls, open_channel

log = logging.getLogger(__name__)

# The time that the edge has to answer after the server is serving.
EDGE_TIMEOUT_S = 20.0
RETRY_S = 0.1


async def wait_until_serving(address: str, tls: ClientTls | None) -> None:
    """Wait until the gRPC server at "host:port" has the status SERVING."""
    async with open_channel(address, tls) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                reply = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
                if reply.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            await asyncio.sleep(RETRY_S)


async def check_edge(url: str) -> tuple[bool, bool]:
    """Return (whether the edge answers, whether it serves the web page) within EDGE_TIMEOUT_S."""
    end = time.monotonic() + EDGE_TIMEOUT_S
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while time.monotonic() < end:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                # The certificate may be for another host name. The edge is on this machine.
                async with session.get(f"{url}/", headers={"Accept": "text/html"}, ssl=False) as page:
                    return True, page.status == 200
            await asyncio.sleep(RETRY_S)
    return False, False


async def announce(
    environment: str,
    grpc_address: str,
    edge: str,
    monitor: Sequence[str],
    *,
    ready: asyncio.Event,
    tls: ClientTls | None = None,
) -> None:
    """Wait for SERVING, set `ready`, and print addresses and calls.

    `environment` is a name such as SIMULATED. `edge` and `monitor` are URLs. `tls` is that of calls to the server."""
    began = time.monotonic()
    await wait_until_serving(grpc_address, tls)
    took_s = time.monotonic() - began
    ready.set()
    answers, has_page = await check_edge(edge)
    sys.stdout.write(
        text(environment, took_s, grpc_address, edge if answers else None, monitor, page=has_page, tls=tls is not None)
    )
    sys.stdout.flush()


def text(
    environment: str,
    took_s: float,
    grpc_address: str,
    edge: str | None,
    monitor: Sequence[str],
    *,
    page: bool,
    tls: bool = False,
) -> str:
    """Return the text of the banner.

    `edge` is None when no edge answers. The text then has no calls to it, and gives the reason. The text
    also reports that the web `page` is not built. With `tls` the gRPC port is not clear text."""
    none = "not served: no edge answers (run virtuoso doctor for the reason)"
    insecure = " -k" if edge and edge.startswith("https:") else ""  # the certificate is rarely for this address
    service = "virtuoso.market.v1.MarketService"
    buf = _program("buf")
    lines = [
        "",
        f"Virtuoso serves a {environment} market. The start took {took_s:.1f} s. Press Ctrl-C to stop.",
        "",
        f"  web page         {(f'{edge}/' if page else 'not built (run tools/generate)') if edge else none}",
        f"  gRPC             {grpc_address}",
        f"  JSON, gRPC-Web   {edge or none}",
        f"  health, metrics  {'  '.join(monitor) or 'closed by the settings'}",
        "",
        "Try:",
        f"  {_program('virtuoso')} top --addr {grpc_address}",
    ]
    if not tls:
        lines.append(f"  {buf} curl --protocol grpc --http2-prior-knowledge http://{grpc_address}/{service}/GetOverview")
    if edge:
        lines += [
            f"  curl{insecure} {edge}/v1/confluence/BTCUSDT",
            f"  {buf} curl --protocol grpcweb{insecure or ' --http2-prior-knowledge'} {edge}/{service}/GetDashboard",
        ]
    return "\n".join([*lines, "", ""])


def _program(name: str) -> str:
    """Return the shortest command for a program that is installed next to this Python, or only its name."""
    installed = Path(sys.executable).parent / name
    if not installed.exists() or shutil.which(name) == str(installed):
        return name
    with contextlib.suppress(ValueError):
        return str(installed.relative_to(Path.cwd()))
    return str(installed)
