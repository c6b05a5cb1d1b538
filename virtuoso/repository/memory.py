"""A repository in the memory of one process. It is also the simplest implementation of the port."""

from __future__ import annotations

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository.envelope import check_size

_SWEEP_S = 30.0


class MemoryRepository:
    """A repository in memory. Its values are lost when the process ends."""

    name = "memory"

    def __init__(self, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._values: dict[str, tuple[bytes, float]] = {}  # (value, monotonic expiry time)
        self._leases: dict[str, tuple[str, float]] = {}  # (owner, monotonic expiry time)
        self._sweep_at = clock.monotonic() + _SWEEP_S
        self._closed = False

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        self._check_open()
        value, expires = self._values.get(key, (None, 0.0))
        return value if self._clock.monotonic() < expires else None

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        self._check_open()
        check_size(value)
        now = self._clock.monotonic()
        self._values[key] = (value, now + ttl_s)
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_S
            self._values = {k: (v, expires) for k, (v, expires) in self._values.items() if now < expires}

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        self._check_open()
        now = self._clock.monotonic()
        holder, expires = self._leases.get(key, ("", 0.0))
        if holder != owner and now < expires:
            return False
        self._leases[key] = (owner, now + ttl_s)
        return True

    async def close(self) -> None:
        """See the port."""
        self._closed = True
        self._values.clear()
        self._leases.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise RepositoryError("memory is closed")
