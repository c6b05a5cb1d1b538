"""Components that several commands use."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from virtuoso.app.monitor import MetricsServer, Monitor, Readiness, Status, listening
from virtuoso.client.tls import ClientTls
from virtuoso.config import Settings, state_directory
from virtuoso.domain.certificates import check_authorities, check_pair
from virtuoso.domain.private_files import tighten
from virtuoso.repository import factory
from virtuoso.repository.tiered import TieredRepository


def open_repository(settings: Settings) -> TieredRepository:
    """Open the repository of the settings. The state directory becomes private."""
    tighten([Path(state_directory())])
    return factory.open_repository(settings.cache, Path(settings.node_directory), cluster_keys=settings.cluster_key)


def notices(settings: Settings) -> Path:
    """Return the folder for notices of snapshots between the processes of this node."""
    return Path(settings.node_directory) / "notices"


@contextlib.asynccontextmanager
async def monitor(settings: Settings, status: Status, readiness: Readiness) -> AsyncIterator[None]:
    """Serve the monitor and the metrics, as far as the settings open them, while the body runs."""
    reserved = [settings.grpc_address, settings.edge_address]
    async with contextlib.AsyncExitStack() as servers:
        if settings.monitor_address is not None:
            server = Monitor(status=status, readiness=readiness, metrics=settings.metrics_address == "")
            await servers.enter_async_context(listening(server, "MONITOR_ADDRESS", settings.monitor_address, reserved))
            reserved.append(settings.monitor_address)
        if isinstance(settings.metrics_address, tuple):
            await servers.enter_async_context(
                listening(MetricsServer(), "METRICS_ADDRESS", settings.metrics_address, reserved)
            )
        yield


def client_tls(settings: Settings) -> ClientTls | None:
    """Return the TLS of calls to the servers, or None for clear text. Raise ConfigError when a file cannot be read."""
    if not settings.grpc_tls_ca:
        return None
    check_authorities(settings.grpc_tls_ca, "GRPC_TLS_CA")
    if settings.grpc_tls_client_certificate:
        check_pair(settings.grpc_tls_client_certificate, settings.grpc_tls_client_key, "GRPC_TLS_CLIENT")
    paths = (settings.grpc_tls_ca, settings.grpc_tls_client_certificate, settings.grpc_tls_client_key)
    ca, certificate, key = (Path(path).read_bytes() if path else None for path in paths)
    return ClientTls(ca, certificate, key, settings.grpc_tls_server_name)
