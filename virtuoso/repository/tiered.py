"""Several repositories as tiers. One of them may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.metrics import FALLBACKS
from virtuoso.repository.circuit_breaker import PAUSE_S, TIMEOUT_S, CircuitBreakerRepository
from virtuoso.repository.composite import combined_error
from virtuoso.repository.instrumented import InstrumentedRepository
from virtuoso.repository.sharded import ShardedRepository


class TieredRepository:
    """A repository with several tiers.

    A read returns the value of the first tier that has it. A write goes to all tiers concurrently, and succeeds when one
    tier stores the value. The first tier that answers decides about the lease. A call to a tier takes at most `timeout_s`.
    After a timeout, the tier is skipped for `pause_s`."""

    def __init__(
        self, repositories: Sequence[SnapshotRepository], *, timeout_s: float = TIMEOUT_S, pause_s: float = PAUSE_S
    ) -> None:
        self._breakers = [CircuitBreakerRepository(each, timeout_s=timeout_s, pause_s=pause_s) for each in repositories]
        self._tiers = [InstrumentedRepository(breaker) for breaker in self._breakers]

    @property
    def name(self) -> str:
        """Return the names of the tiers, first to last, such as "memcached+directory"."""
        return "+".join(tier.name for tier in self._tiers)

    def health(self) -> dict[str, str]:
        """Return the health of each tier and each server of a sharded tier: "ok", "not used yet", or the error messages."""
        health: dict[str, str] = {}
        for breaker in self._breakers:
            health[breaker.name] = breaker.health
            if isinstance(breaker.inner, ShardedRepository):
                health |= breaker.inner.health()
        return health

    async def get(self, key: str) -> bytes | None:
        """See the port. Return None only when all tiers answer and none has the value."""
        failures: list[tuple[str, RepositoryError]] = []
        for tier in self._tiers:
            try:
                value = await tier.get(key)
            except RepositoryError as error:
                failures.append((tier.name, error))
                continue
            if value is not None:
                _count_fallback(failures, tier.name)
                return value
        if failures:
            raise combined_error([error for _, error in failures])
        return None

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See CompositeRepository. All tiers are read concurrently. The values of the first tier come first."""
        answers = await asyncio.gather(*(tier.get_all(key) for tier in self._tiers), return_exceptions=True)
        values: list[tuple[str, bytes]] = []
        failures: list[tuple[str, RepositoryError]] = []
        for tier, answer in zip(self._tiers, answers, strict=True):
            if isinstance(answer, RepositoryError):
                failures.append((tier.name, answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                if answer and not values:
                    _count_fallback(failures, tier.name)
                values += answer
        if failures and not values:
            raise combined_error([error for _, error in failures])
        return values

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port. Raise RepositoryError only when no tier stores the value."""
        results = await asyncio.gather(*(tier.set(key, value, ttl_s=ttl_s) for tier in self._tiers), return_exceptions=True)
        errors: list[RepositoryError] = []
        for result in results:
            if isinstance(result, RepositoryError):
                errors.append(result)
            elif result is not None:
                raise result
        if len(errors) == len(self._tiers):
            raise combined_error(errors)

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        errors: list[RepositoryError] = []
        for tier in self._tiers:
            try:
                return await tier.lease(key, owner, ttl_s=ttl_s)
            except RepositoryError as error:
                errors.append(error)
        raise combined_error(errors)

    async def close(self) -> None:
        """See the port."""
        await asyncio.gather(*(tier.close() for tier in self._tiers))


def _count_fallback(failures: list[tuple[str, RepositoryError]], answered_by: str) -> None:
    """Count a fallback from the first failed tier to `answered_by`. A tier without the value is not a failure."""
    if failures:
        name, error = failures[0]
        FALLBACKS.labels(name, answered_by, "no_answer" if isinstance(error, RepositoryTimedOut) else "error").inc()
