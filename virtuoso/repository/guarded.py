"""A repository that costs its callers about a second at most, and next to nothing while it does not answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.domain.ports import SnapshotRepository

T = TypeVar("T")

TIMEOUT_S = 1.1
PAUSE_S = 5.0

_log = logging.getLogger(__name__)


class NoAnswer(RepositoryError):
    """The time was over before an answer came. A quick refusal is not this: it costs nobody anything."""


def combined(failures: Sequence[RepositoryError]) -> RepositoryError:
    """One error for the failures of all places: NoAnswer only if all were that."""
    kind = NoAnswer if all(isinstance(each, NoAnswer) for each in failures) else RepositoryError
    return kind("; ".join(str(each) for each in failures))


@runtime_checkable
class Several(Protocol):
    """A repository that may hold more than one value of a key, because it has more than one place for it."""

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """(name of the place, value) of each place that has one. Errors as of `get`."""
        ...


async def read_all(repository: SnapshotRepository, key: str) -> list[tuple[str, bytes]]:
    """Every value of the key that the repository has."""
    if isinstance(repository, Several):
        return await repository.get_all(key)
    value = await repository.get(key)
    return [] if value is None else [(repository.name, value)]


class GuardedRepository:
    """Bounds every call by `timeout_s`. After one that was not answered in time, all calls raise NoAnswer at once for
    `pause_s`; then one caller probes while the others go on being spared. Quick failures are passed on and forgotten."""

    def __init__(
        self,
        repository: SnapshotRepository,
        *,
        timeout_s: float = TIMEOUT_S,
        pause_s: float = PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inner = repository
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._clock = clock
        self._rests_until: float | None = None
        self._failures: dict[str, str] = {}
        self._asked = False

    @property
    def name(self) -> str:
        """Of the repository."""
        return self.inner.name

    @property
    def health(self) -> str:
        """ "ok", "not asked yet", or what fails: answering at all, reading, writing or leasing."""
        if not self._asked:
            return "not asked yet"
        return "; ".join(dict.fromkeys(self._failures.values())) or "ok"

    async def get(self, key: str) -> bytes | None:
        """See the port; also CorruptValue."""
        return await self._ask("reading", lambda: self.inner.get(key))

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See `Several`; also CorruptValue."""
        return await self._ask("reading", lambda: read_all(self.inner, key))

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        await self._ask("writing", lambda: self.inner.set(key, value, ttl_s=ttl_s))

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        return await self._ask("leasing", lambda: self.inner.lease(key, owner, ttl_s=ttl_s))

    async def close(self) -> None:
        """See the port."""
        await self.inner.close()

    async def _ask(self, deed: str, call: Callable[[], Awaitable[T]]) -> T:
        if self._rests_until is not None:
            if self._clock() < self._rests_until:
                raise NoAnswer(f"{self.name} is skipped for a moment: {self.health}")
            self._rests_until = self._clock() + self._pause_s  # this caller probes
        self._asked = True
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await call()
        except (TimeoutError, NoAnswer) as exc:
            self._rests_until = self._clock() + self._pause_s
            reason = str(exc) or f"{self.name} did not answer within {self._timeout_s:g} s"
            self._failed("answering", reason)
            raise NoAnswer(reason) from exc
        except RepositoryError as exc:
            self._rests_until = None
            self._failed(deed, str(exc))
            raise
        except CorruptValue:
            self._answered(deed)
            raise
        self._answered(deed)
        return result

    def _failed(self, deed: str, reason: str) -> None:
        if deed not in self._failures:
            _log.warning("%s: %s fails: %s", self.name, deed, reason)
        self._failures[deed] = reason

    def _answered(self, deed: str) -> None:
        self._rests_until = None
        for mended in ("answering", deed):
            if self._failures.pop(mended, None):
                _log.info("%s: %s works again", self.name, mended)
