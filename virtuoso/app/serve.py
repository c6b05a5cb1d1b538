"""`virtuoso serve`: answer from what collectors publish."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from virtuoso.app.parts import monitor, repository
from virtuoso.config import Loaded, Settings
from virtuoso.domain.addresses import joined
from virtuoso.repository import keys
from virtuoso.service.candle_reader import CandleReader
from virtuoso.service.rpc import ConcurrencyLimits
from virtuoso.service.server import MarketServer
from virtuoso.service.snapshot_cache import SnapshotCache

if TYPE_CHECKING:
    from virtuoso.domain.ports import History

log = logging.getLogger(__name__)


async def serve(loaded: Loaded, _: Namespace, stop: asyncio.Event) -> int:
    """Answer from what collectors publish."""
    settings = loaded.settings
    source = repository(settings)
    cache = SnapshotCache(source, keys, max_stale_s=settings.max_stale_s, primary_venue=settings.exchanges[0])
    server = MarketServer(
        joined(settings.grpc_address),
        cache,
        CandleReader(source, keys, max_stale_s=settings.max_stale_s),
        limits=ConcurrencyLimits(calls=settings.max_requests, streams=settings.max_streams),
        reflect=settings.reflection,
        heartbeat_s=settings.heartbeat_s,
        history=_history(settings),
    )
    try:
        await server.start()  # says NOT_SERVING until the cache has something to serve
        await cache.start()
        gc.freeze()  # what is loaded stays: no request needs to have it looked through for garbage
        gc.set_threshold(20_000, 20, 50)
        async with monitor(settings, server.status, cache.readiness):
            log.info("gRPC on %s; repository %s", joined(settings.grpc_address), source.name)
            await stop.wait()
            log.info("going down: health says NOT_SERVING, streams end, calls in flight have %g s", settings.grace_s)
            await server.drain(settings.grace_s)
    finally:
        await cache.close()
        await source.close()
    return 0


def _history(settings: Settings) -> Callable[[], History] | None:
    """Opens the history for a server to read, when it is first asked for."""
    url = settings.effective_history

    def reader() -> History:
        opening = importlib.import_module("virtuoso.history.open")  # by name: it loads a third of a server's memory
        # a client has two seconds for everything
        history: History = opening.open_history(url or "", write=False, timeout_s=1.5)
        return history

    return reader if url else None
