"""Checks of the settings of the edge: the servers, the TLS certificate and the access log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from virtuoso.client.tls import ClientTls
from virtuoso.doctor.daemon_call import daemon_call
from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.listeners import grpc_status, http_status
from virtuoso.domain.addresses import Address, format_address
from virtuoso.domain.certificates import check_authorities, check_pair
from virtuoso.domain.errors import ConfigError


async def check_servers(
    addresses: Sequence[Address], monitor_port: int | None, tls: ClientTls | None = None
) -> list[Finding]:
    """Check whether a Virtuoso server and its monitor answer at each address. `monitor_port` None: there are
    no monitors. `tls` is that of the gRPC calls.

    A missing server is a warning if at least one other server answers."""

    async def ask(address: Address) -> tuple[str | None, str | None]:
        host, _ = address
        status = grpc_status(format_address(address), tls)
        if monitor_port is None:
            return await status, None
        return await asyncio.gather(status, http_status(format_address((host, monitor_port))))

    statuses = await asyncio.gather(*map(ask, addresses))
    level = Level.WARNING if any(status for status, _ in statuses) else Level.FAILURE
    return [_server(*each, monitor_port, level) for each in zip(addresses, statuses, strict=True)]


def _server(address: Address, statuses: tuple[str | None, str | None], monitor_port: int | None, level: Level) -> Finding:
    subject, (status, monitor) = f"server {format_address(address)}", statuses
    if status is None:
        remedy = "Start virtuoso serve at this address, let this machine reach it, or remove it from VIRTUOSO_SERVERS"
        return Finding(subject, level, "no Virtuoso server answers gRPC calls at this address", remedy)
    if monitor is None and monitor_port is not None:
        why = f"the status is {status}, but no monitor answers on port {monitor_port}; /healthz of the edge needs it"
        remedy = "Set VIRTUOSO_MONITOR_ADDRESS of this server to a reachable address with the same port"
        return Finding(subject, Level.WARNING, why, remedy)
    return Finding(subject, Level.OK, f"a Virtuoso server answers with the status {status}")


async def check_tls(certificate: str, key: str) -> Finding:
    """Check whether the edge can serve HTTPS with these PEM files."""
    try:
        await daemon_call(lambda: check_pair(certificate, key))
    except ConfigError as error:
        remedy = "Set VIRTUOSO_TLS_CERTIFICATE and VIRTUOSO_TLS_KEY to a certificate and its key, or set neither"
        return Finding("TLS", Level.FAILURE, str(error), remedy)
    return Finding("TLS", Level.OK, f"the edge serves HTTPS with {certificate}")


async def check_grpc_tls(certificate: str, key: str, client_ca: str) -> Finding:
    """Check whether the gRPC port can serve TLS with these PEM files. `client_ca` may be ""."""
    try:
        await daemon_call(lambda: check_pair(certificate, key, "GRPC_TLS"))
        if client_ca:
            await daemon_call(lambda: check_authorities(client_ca, "GRPC_TLS_CLIENT_CA"))
    except ConfigError as error:
        remedy = "Set VIRTUOSO_GRPC_TLS_CERTIFICATE and VIRTUOSO_GRPC_TLS_KEY to a certificate and its key, or set neither"
        return Finding("GRPC_TLS", Level.FAILURE, str(error), remedy)
    clients = "only to clients with a certificate" if client_ca else "to any client"
    return Finding("GRPC_TLS", Level.OK, f"the gRPC port serves TLS with {certificate}, {clients}")


async def check_access_log(path: str, setting: str = "ACCESS_LOG") -> Finding:
    """Check whether the access log of `setting` can be written to this file. The file does not have to exist yet."""
    if await daemon_call(lambda: _writable(Path(path).absolute())):
        return Finding(setting, Level.OK, f"{path} is writable")
    remedy = f"Set VIRTUOSO_{setting} to a file that this user can write or to - for standard output, or leave it empty"
    return Finding(setting, Level.FAILURE, f"{path} is not writable", remedy)


def _writable(path: Path) -> bool:
    if path.exists():
        return not path.is_dir() and os.access(path, os.W_OK)
    return path.parent.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)
