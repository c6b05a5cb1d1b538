"""What the edge is given: servers to call, a certificate, a log to write."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from virtuoso.doctor.daemon_call import aside
from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.listeners import grpc_status, http_status
from virtuoso.domain.addresses import Address, format_address
from virtuoso.domain.errors import ConfigError
from virtuoso.edge.certificate import check


async def servers(addresses: Sequence[Address], monitor_port: int) -> list[Finding]:
    """Whether a server of ours answers at each of SERVERS, and its monitor beside it. One alone is enough for callers."""

    async def ask(address: Address) -> tuple[str | None, str | None]:
        host, _ = address
        return await asyncio.gather(grpc_status(format_address(address)), http_status(format_address((host, monitor_port))))

    said = await asyncio.gather(*map(ask, addresses))
    level = Level.WARNING if any(status for status, _ in said) else Level.FAILURE
    return [_server(*each, monitor_port, level) for each in zip(addresses, said, strict=True)]


def _server(address: Address, said: tuple[str | None, str | None], monitor_port: int, level: Level) -> Finding:
    subject, (status, monitor) = f"server {format_address(address)}", said
    if status is None:
        cure = "Start virtuoso serve there, where it is reached from here, or take it out of VIRTUOSO_SERVERS"
        return Finding(subject, level, "no server of ours answers there by gRPC", cure)
    if monitor is None:
        why = f"it says {status}, but its monitor does not answer on port {monitor_port}, which the edge's /healthz asks"
        cure = "Let its VIRTUOSO_MONITOR_ADDRESS be reached from here, on the port of the edge's own"
        return Finding(subject, Level.WARNING, why, cure)
    return Finding(subject, Level.WELL, f"a server of ours runs there and says {status}")


async def tls(certificate: str, key: str) -> Finding:
    """Whether the edge can speak https with these PEM files."""
    try:
        await aside(lambda: check(certificate, key))
    except ConfigError as error:
        cure = "Let VIRTUOSO_TLS_CERTIFICATE and VIRTUOSO_TLS_KEY name a certificate and its key, or neither"
        return Finding("TLS", Level.FAILURE, str(error), cure)
    return Finding("TLS", Level.WELL, f"the edge speaks https with {certificate}")


async def access_log(path: str) -> Finding:
    """Whether the edge could write its log of calls to that file, which need not be there yet."""
    if await aside(lambda: _writable(Path(path).absolute())):
        return Finding("ACCESS_LOG", Level.WELL, f"{path} can be written")
    cure = "Let VIRTUOSO_ACCESS_LOG name a file that this user can write, - for standard output, or nothing"
    return Finding("ACCESS_LOG", Level.FAILURE, f"{path} cannot be written", cure)


def _writable(path: Path) -> bool:
    if path.exists():
        return not path.is_dir() and os.access(path, os.W_OK)
    return path.parent.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)
