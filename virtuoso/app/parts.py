"""Components that several commands use."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from virtuoso.app.monitor import Readiness, Status, listening
from virtuoso.config import Settings, state_directory
from virtuoso.domain.private_files import tighten
from virtuoso.repository import factory
from virtuoso.repository.tiered import TieredRepository


def open_repository(settings: Settings) -> TieredRepository:
    """Open the repository of the settings. The state directory becomes private."""
    tighten([Path(state_directory())])
    return factory.open_repository(settings.cache, Path(settings.node_directory), cluster_keys=settings.cluster_key)


def monitor(settings: Settings, status: Status, readiness: Readiness) -> AbstractAsyncContextManager[None]:
    """Serve the monitor port while the body runs."""
    reserved = (settings.grpc_address, settings.edge_address)
    return listening(settings.monitor_address, reserved, status=status, readiness=readiness)
