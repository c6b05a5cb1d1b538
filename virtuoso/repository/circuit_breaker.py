"""A circuit breaker. It limits a call to about a second and fails calls immediately while a repository is unresponsive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import CorruptValue, RepositoryError, RepositoryTimedOut
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.repository.composite import read_all

T = TypeVar("T")

TIMEOUT_S = 1.1
PAUSE_S = 5.0

_log = logging.getLogger(__name__)


class CircuitBreakerRepository:
    """A repository with a timeout and a circuit breaker.

    Every call is limited to `timeout_s`. A timeout opens the breaker. All calls then raise RepositoryTimedOut immediately
    for `pause_s`. After that, one call is tried while the others are still refused. Any answer in time closes the breaker,
    even an error, because a fast error does not delay callers."""

    def __init__(
        self,
        repository: SnapshotRepository,
        *,
        timeout_s: float = TIMEOUT_S,
        pause_s: float = PAUSE_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.inner = repository
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._clock = clock
        self._pause_ends: float | None = None  # monotonic time; None while the breaker is closed
        self._failures: dict[str, str] = {}  # last message by failing operation: answering, reading, writing, leasing
        self._used = False

    @property
    def name(self) -> str:
        """Return the name of the repository."""
        return self.inner.name

    @property
    def health(self) -> str:
        """Return "ok", "not used yet", or the messages of the failing operations."""
        if not self._used:
            return "not used yet"
        return "; ".join(dict.fromkeys(self._failures.values())) or "ok"

    async def get(self, key: str) -> bytes | None:
        """See the port. Raise CorruptValue when the stored bytes are damaged."""
        return await self._call("reading", lambda: self.inner.get(key))

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See CompositeRepository. Raise CorruptValue when the stored bytes are damaged."""
        return await self._call("reading", lambda: read_all(self.inner, key))

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        await self._call("writing", lambda: self.inner.set(key, value, ttl_s=ttl_s))

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        return await self._call("leasing", lambda: self.inner.lease(key, owner, ttl_s=ttl_s))

    async def close(self) -> None:
        """See the port."""
        await self.inner.close()

    async def _call(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        if self._pause_ends is not None:
            if self._clock.monotonic() < self._pause_ends:
                raise RepositoryTimedOut(f"{self.name} is skipped for a moment: {self.health}")
            self._pause_ends = self._clock.monotonic() + self._pause_s  # this call is the trial
        self._used = True
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await call()
        except (TimeoutError, RepositoryTimedOut) as error:
            self._pause_ends = self._clock.monotonic() + self._pause_s
            reason = str(error) or f"{self.name} did not answer within {self._timeout_s:g} s"
            self._failed("answering", reason)
            raise RepositoryTimedOut(reason) from error
        except RepositoryError as error:
            self._pause_ends = None
            self._failed(operation, str(error))
            raise
        except CorruptValue:
            self._succeeded(operation)
            raise
        self._succeeded(operation)
        return result

    def _failed(self, operation: str, reason: str) -> None:
        if operation not in self._failures:
            _log.warning("%s: %s fails: %s", self.name, operation, reason)
        self._failures[operation] = reason

    def _succeeded(self, operation: str) -> None:
        self._pause_ends = None
        for each in ("answering", operation):
            if self._failures.pop(each, None):
                _log.info("%s: %s works again", self.name, each)
