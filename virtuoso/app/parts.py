"""What several commands open."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from virtuoso.app.monitor import Readiness, Status, listening
from virtuoso.config import Settings
from virtuoso.repository.factory import open_repository
from virtuoso.repository.tiered import TieredRepository


def repository(settings: Settings) -> TieredRepository:
    """Open the repository that the settings name."""
    return open_repository(settings.cache, Path(settings.node_directory))


def monitor(settings: Settings, status: Status, readiness: Readiness) -> AbstractAsyncContextManager[None]:
    """Listen for operators while the body runs."""
    kept_free = (settings.grpc_address, settings.edge_address)
    return listening(settings.monitor_address, kept_free, status=status, readiness=readiness)
