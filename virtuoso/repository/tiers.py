"""Repositories behind one another, so that one of them may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from virtuoso.domain.errors import RepositoryError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.metrics import FALLBACKS
from virtuoso.repository.guarded import PAUSE_S, TIMEOUT_S, GuardedRepository, NoAnswer, combined
from virtuoso.repository.metered import MeteredRepository
from virtuoso.repository.ring import Ring


class TieredRepository:
    """Reads take the first tier that has the value, writes go to all at once and succeed if one kept it, the lease is
    that of the first tier that answers. Each tier has about a second, and is skipped for `pause_s` once it took longer."""

    def __init__(
        self, repositories: Sequence[SnapshotRepository], *, timeout_s: float = TIMEOUT_S, pause_s: float = PAUSE_S
    ) -> None:
        self._guards = [GuardedRepository(each, timeout_s=timeout_s, pause_s=pause_s) for each in repositories]
        self._tiers = [MeteredRepository(guard) for guard in self._guards]

    @property
    def name(self) -> str:
        """Of the tiers, first to last."""
        return "+".join(tier.name for tier in self._tiers)

    def health(self) -> dict[str, str]:
        """By tier, and by server where a tier has several: "ok", "not asked yet", or what is wrong."""
        words: dict[str, str] = {}
        for guard in self._guards:
            words[guard.name] = guard.health
            if isinstance(guard.inner, Ring):
                words |= guard.inner.health()
        return words

    async def get(self, key: str) -> bytes | None:
        """See the port. An absence is only reported when every tier has answered."""
        failures: list[tuple[str, RepositoryError]] = []
        for tier in self._tiers:
            try:
                value = await tier.get(key)
            except RepositoryError as exc:
                failures.append((tier.name, exc))
                continue
            if value is not None:
                _count_fallback(failures, tier.name)
                return value
        if failures:
            raise combined([error for _, error in failures])
        return None

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """(tier, value) of every place that has the key, first tier first, all read at once: for a caller that knows which
        is newest. Empty when every tier has answered and none has it; RepositoryError when none has it and one failed."""
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
            raise combined([error for _, error in failures])
        return values

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port. RepositoryError only when no tier kept the value."""
        outcomes = await asyncio.gather(*(tier.set(key, value, ttl_s=ttl_s) for tier in self._tiers), return_exceptions=True)
        failures: list[tuple[str, RepositoryError]] = []
        for tier, outcome in zip(self._tiers, outcomes, strict=True):
            if isinstance(outcome, RepositoryError):
                failures.append((tier.name, outcome))
            elif outcome is not None:
                raise outcome
        if len(failures) == len(self._tiers):
            raise combined([error for _, error in failures])

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        failures: list[tuple[str, RepositoryError]] = []
        for tier in self._tiers:
            try:
                return await tier.lease(key, owner, ttl_s=ttl_s)
            except RepositoryError as exc:
                failures.append((tier.name, exc))
        raise combined([error for _, error in failures])

    async def close(self) -> None:
        """See the port."""
        await asyncio.gather(*(tier.close() for tier in self._tiers))


def _count_fallback(failures: list[tuple[str, RepositoryError]], answered_by: str) -> None:
    """A tier that has not the value is no failure, so it is not counted."""
    if failures:
        name, error = failures[0]
        FALLBACKS.labels(name, answered_by, "no_answer" if isinstance(error, NoAnswer) else "error").inc()
