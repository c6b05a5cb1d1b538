"""Tests in virtual time, and a snapshot cache for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

from tests.clocks import VirtualClock, run_virtually
from tests.service.servers import publish
from tests.service.snapshots import T0
from virtuoso.domain.errors import DataUnavailable, NotReady, RepositoryError
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.service.snapshot_cache import SnapshotCache
from virtuoso.store.v1 import snapshot_pb2

P = ParamSpec("P")


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on a virtual-time loop of its own, on which hours pass in a moment."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_virtually(test(*args, **kwargs))

    return run


class BreakableSource:
    """Reads a repository until a test sets a fault. Every read raises `error` if it is set. Reads never return while `hangs`
    is set."""

    def __init__(self, repository: MemoryRepository) -> None:
        self.repository = repository
        self.error: Exception | None = None
        self.hangs = False
        self.reads: list[str] = []

    async def get(self, key: str) -> bytes | None:
        """See Source."""
        self.reads.append(key)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return await self.repository.get(key)

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See Source."""
        value = await self.get(key)
        return [] if value is None else [("memory", value)]

    def die(self) -> None:
        """Let every later read fail."""
        self.error = RepositoryError("connection refused")


class CacheSetup:
    """A snapshot cache, its source, and its clock, which starts at T0."""

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock(T0)
        self.repository = MemoryRepository()
        self.source = BreakableSource(self.repository)
        self.cache = SnapshotCache(self.source, keys, **{"max_stale_s": 600, "clock": self.clock, **options})

    async def publish(self, message: snapshot_pb2.Snapshot, behind_ms: int = 0, *, term: int = 0) -> None:
        """Store a snapshot. The cache does not see it before its next poll."""
        await publish(self.repository, message, behind_ms, term=term)

    async def show(self, message: snapshot_pb2.Snapshot, behind_ms: int = 0, *, term: int = 0) -> None:
        """Publish a snapshot and poll."""
        await self.publish(message, behind_ms, term=term)
        await self.cache.poll()

    async def after(self, seconds: float) -> None:
        """Let time pass and tick."""
        await self.clock.sleep(seconds)
        self.cache.tick()

    @property
    def provenance(self) -> provenance_pb2.Provenance:
        """Return the provenance of the served snapshot."""
        return self.cache.current().provenance

    @property
    def served_id(self) -> str:
        """Return the id of the served snapshot."""
        return self.cache.current().view.id

    @property
    def refusal(self) -> str:
        """Return the error and its text while nothing is served, otherwise ""."""
        try:
            self.cache.current()
        except (NotReady, DataUnavailable) as error:
            return f"{type(error).__name__}: {error}"
        return ""
