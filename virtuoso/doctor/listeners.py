"""Our ports: free, taken by a server of ours, or by somebody else."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso.doctor.daemon_call import aside
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.addresses import Address, format_address, reachable

SERVICE = "virtuoso.market.v1.MarketService"
_ANSWER_S = 2.0


async def grpc_status(address: str) -> str | None:
    """The health status of a server of ours at "host:port"; None when it is none of ours."""
    options = [("grpc.enable_http_proxy", 0)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        try:
            request = health_pb2.HealthCheckRequest(service=SERVICE)
            reply = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=_ANSWER_S)
        except grpc.aio.AioRpcError:
            return None
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))


async def http_status(address: str, scheme: str = "http") -> str | None:
    """The readiness that a monitor or an edge of ours says at "host:port"; None when it is none of ours."""
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            # no name is checked: a certificate is hardly of the address by which this machine calls itself
            session.get(f"{scheme}://{address}/healthz", params={"service": "readiness"}, ssl=False) as reply,
        ):
            said = await reply.json()
            if said == {"status": "SERVING"}:
                return "SERVING"
            if reply.status == 503 and isinstance(said, dict) and said.get("code") == 14:
                return "NOT_SERVING"
    return None


async def https_status(address: str) -> str | None:
    """The same of an edge with a certificate."""
    return await http_status(address, "https")


async def port(
    setting: str, address: Address, status: Callable[[str], Awaitable[str | None]], *, needed: bool = True
) -> Finding:
    """Whether a server could listen on `address` now, or one of ours does. Not `needed`: the next free port will do."""
    subject, (host, number) = setting.removeprefix("VIRTUOSO_"), address
    where = format_address(address)
    if number == 0:
        return Finding(subject, Level.WELL, f"{where}: any free port")
    try:
        await aside(lambda: _try(host, number))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _unusable(subject, setting, where, error)
        said = await status(format_address(reachable(address)))
        if said is not None:
            return Finding(subject, Level.WELL, f"{where}: a server of ours runs there and says {said}")
        why, find = f"{where} is taken by another program", f"ss -ltnp 'sport = :{number}' shows which"
        if needed:
            return Finding(subject, Level.FAILURE, why, f"End it or let {setting} name another port; {find}")
        return Finding(
            subject, Level.WARNING, f"{why}; the next free port is taken instead", f"To have this one, end it; {find}"
        )
    return Finding(subject, Level.WELL, f"{where} is free")


def _unusable(subject: str, setting: str, where: str, error: OSError) -> Finding:
    why = f"{where} cannot be listened on: {error.strerror or error}"
    if error.errno == errno.EADDRNOTAVAIL:
        cure = f"This machine has no such address: let {setting} name one of its own, or 0.0.0.0 for all"
    elif error.errno in (errno.EACCES, errno.EPERM):
        cure = f"This user may not use ports so low: let {setting} name one above 1023"
    elif isinstance(error, socket.gaierror):
        cure = f"The host's name is not known here: let {setting} name an IP address"
    else:
        cure = f"Let {setting} name another address"
    return Finding(subject, Level.FAILURE, why, cure)


def _try(host: str, number: int) -> None:
    """Bind as a server would, without listening, so that no call is taken."""
    for family, kind, protocol, _, place in socket.getaddrinfo(
        host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind(place)
