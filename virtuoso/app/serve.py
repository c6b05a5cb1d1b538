"""`virtuoso serve`: serve the data that collectors publish."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from virtuoso.app.parts import monitor, notices, open_repository
from virtuoso.config import LoadedSettings, Settings
from virtuoso.domain import open_files
from virtuoso.domain.addresses import format_address
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.repository.notices import receiving_notices
from virtuoso.service import tls
from virtuoso.service.access_log import AccessLog
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.rpc import ConcurrencyLimits
from virtuoso.service.server import MarketServer
from virtuoso.service.snapshot_cache import SnapshotCache

if TYPE_CHECKING:
    from virtuoso.domain.ports import HistoryReader

log = logging.getLogger(__name__)


async def serve(loaded: LoadedSettings, _: Namespace, stop: asyncio.Event) -> int:
    """Run a gRPC server and its monitor port until `stop`, then drain it."""
    settings = loaded.settings
    tls_files = settings.grpc_tls_certificate and tls.TlsFiles(
        settings.grpc_tls_certificate, settings.grpc_tls_key, settings.grpc_tls_client_ca
    )
    access_log = AccessLog(settings.grpc_access_log) if settings.grpc_access_log else None
    connections = open_files.connections()
    open_files.warn_of_shortage(settings.max_streams + settings.max_requests, "MAX_STREAMS and MAX_REQUESTS")
    repository = open_repository(settings)
    snapshots = SnapshotCache(
        repository,
        keys,
        max_stale_s=settings.max_stale_s,
        primary_venue=settings.exchanges[0],
        environment=provenance_pb2.Environment.ValueType(settings.stated_environment)
        if settings.stated_environment
        else None,
    )
    server = MarketServer(
        format_address(settings.grpc_address),
        snapshots,
        RequestReaders(repository, keys, max_stale_s=settings.max_stale_s),
        limits=ConcurrencyLimits(
            calls=settings.max_requests,
            streams=settings.max_streams,
            streams_per_address=settings.max_streams_per_address,
            connection_age_s=settings.connection_age_s,
            connections=connections,
        ),
        reflect=settings.reflection,
        credentials=tls.credentials(tls_files) if tls_files else None,
        heartbeat_s=settings.heartbeat_s,
        history=_history(settings),
        access_log=access_log,
    )
    watching = asyncio.create_task(open_files.watch(os.getpid(), connections, "the server"))
    try:
        await server.start()  # NOT_SERVING until there is a complete snapshot
        await snapshots.start()
        gc.freeze()  # loaded objects stay in use, so the garbage collector can skip them
        gc.set_threshold(20_000, 20, 50)
        async with monitor(settings, server.status, snapshots.readiness):
            log.info("gRPC on %s; repository %s", format_address(settings.grpc_address), repository.name)
            with receiving_notices(notices(settings), snapshots.notice):
                await stop.wait()
            log.info("shutting down: health is NOT_SERVING, streams end, calls in flight have %g s", settings.grace_s)
            await server.drain(settings.grace_s)
    finally:
        watching.cancel()
        await snapshots.close()
        await repository.close()
        if access_log is not None:
            access_log.close()
    return 0


def _history(settings: Settings) -> Callable[[], HistoryReader] | None:
    """Return a function that opens the history for reading, or None without a history."""
    url = settings.effective_history

    def reader() -> HistoryReader:
        factory = importlib.import_module("virtuoso.history.factory")  # late: it takes a third of a server's memory
        # A client has two seconds for everything.
        history: HistoryReader = factory.open_history_reader(url or "", timeout_s=1.5)
        return history

    return reader if url else None
