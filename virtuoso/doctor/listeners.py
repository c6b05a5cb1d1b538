"""Checks whether a port is free, used by a Virtuoso server, or used by another program."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso.client.tls import ClientTls, open_channel
from virtuoso.doctor.daemon_call import daemon_call
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.addresses import Address, format_address, reachable

SERVICE = "virtuoso.market.v1.MarketService"
_REPLY_TIMEOUT_S = 2.0

# A function that returns the status of the server at "host:port". None means that it is not a Virtuoso server.
Status = Callable[[str], Awaitable[str | None]]


async def grpc_status(address: str, tls: ClientTls | None = None) -> str | None:
    """Return the health status of the Virtuoso server at "host:port". Return None without such a server.

    With `tls` None, the call is clear text."""
    async with open_channel(address, tls) as channel:
        try:
            request = health_pb2.HealthCheckRequest(service=SERVICE)
            reply = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=_REPLY_TIMEOUT_S)
        except grpc.aio.AioRpcError:
            return None
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))


async def http_status(address: str, scheme: str = "http") -> str | None:
    """Return the readiness of the Virtuoso monitor or edge at "host:port". Return None without one."""
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        timeout = aiohttp.ClientTimeout(total=_REPLY_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            # The certificate is not verified, because it is rarely for the local address.
            session.get(f"{scheme}://{address}/healthz", params={"service": "readiness"}, ssl=False) as reply,
        ):
            body = await reply.json()
            if body == {"status": "SERVING"}:
                return "SERVING"
            if reply.status == 503 and isinstance(body, dict) and body.get("code") == 14:
                return "NOT_SERVING"
    return None


async def https_status(address: str) -> str | None:
    """Return the readiness of an edge with TLS, like `http_status`."""
    return await http_status(address, "https")


async def check_port(setting: str, address: Address, status: Status, *, needed: bool = True) -> Finding:
    """Check whether a server could listen on `address` now, or a Virtuoso server already does.

    When the port is not `needed`, the server takes the next free one, so a port in use is only a warning.
    """
    subject, (host, number) = setting.removeprefix("VIRTUOSO_"), address
    where = format_address(address)
    if number == 0:
        return Finding(subject, Level.OK, f"{where}: any free port will be used")
    try:
        await daemon_call(lambda: _bind(host, number))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _unusable(subject, setting, where, error)
        current = await status(format_address(reachable(address)))
        if current is not None:
            return Finding(subject, Level.OK, f"{where}: a Virtuoso server answers with the status {current}")
        why, find = f"{where} is in use by another program", f"ss -ltnp 'sport = :{number}' shows which one"
        if needed:
            return Finding(subject, Level.FAILURE, why, f"Stop that program or set {setting} to another port; {find}")
        why = f"{why}; the next free port is used instead"
        return Finding(subject, Level.WARNING, why, f"Stop that program to use this port; {find}")
    return Finding(subject, Level.OK, f"{where} is free")


def _unusable(subject: str, setting: str, where: str, error: OSError) -> Finding:
    why = f"cannot listen on {where}: {error.strerror or error}"
    if error.errno == errno.EADDRNOTAVAIL:
        remedy = f"This machine does not have this address: set {setting} to one of its addresses, or to 0.0.0.0 for all"
    elif error.errno in (errno.EACCES, errno.EPERM):
        remedy = f"This user cannot bind to a port below 1024: set {setting} to a higher port"
    elif isinstance(error, socket.gaierror):
        remedy = f"The host name cannot be resolved on this machine: set {setting} to an IP address"
    else:
        remedy = f"Set {setting} to another address"
    return Finding(subject, Level.FAILURE, why, remedy)


def _bind(host: str, number: int) -> None:
    """Bind as a server would, but do not listen, so that no connection is accepted."""
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
