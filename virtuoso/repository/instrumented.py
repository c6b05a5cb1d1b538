"""A repository that counts its reads and writes."""

from __future__ import annotations

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.metrics import CACHE_READS, CACHE_WRITES
from virtuoso.repository.composite import read_all


class InstrumentedRepository:
    """A repository that counts reads and writes by result. It treats damaged bytes as a missing value."""

    def __init__(self, repository: SnapshotRepository) -> None:
        self._inner = repository

    @property
    def name(self) -> str:
        """Return the name of the repository."""
        return self._inner.name

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        try:
            value = await self._inner.get(key)
        except CorruptValue:
            self._count_read("corrupt")
            return None
        except RepositoryError:
            self._count_read("error")
            raise
        self._count_read("miss" if value is None else "hit")
        return value

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See CompositeRepository."""
        try:
            values = await read_all(self._inner, key)
        except CorruptValue:
            self._count_read("corrupt")
            return []
        except RepositoryError:
            self._count_read("error")
            raise
        self._count_read("hit" if values else "miss")
        return values

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        try:
            await self._inner.set(key, value, ttl_s=ttl_s)
        except RepositoryError:
            CACHE_WRITES.labels(self.name, "error").inc()
            raise
        CACHE_WRITES.labels(self.name, "ok").inc()

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        return await self._inner.lease(key, owner, ttl_s=ttl_s)

    async def close(self) -> None:
        """See the port."""
        await self._inner.close()

    def _count_read(self, result: str) -> None:
        CACHE_READS.labels(self.name, result).inc()
