"""Values kept in this process: for one process that does everything, and as the plainest statement of the port."""

from __future__ import annotations

import time
from collections.abc import Callable

from virtuoso.domain.errors import RepositoryError
from virtuoso.repository.envelope import refuse_giant

_SWEEP_S = 30.0


class MemoryRepository:
    """A repository that ends with its process. `clock` counts seconds from anywhere and never goes back."""

    name = "memory"

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, tuple[bytes, float]] = {}
        self._leases: dict[str, tuple[str, float]] = {}
        self._sweep_at = clock() + _SWEEP_S
        self._closed = False

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        self._refuse_closed()
        value, expires = self._values.get(key, (None, 0.0))
        return value if self._clock() < expires else None

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        self._refuse_closed()
        refuse_giant(value)
        now = self._clock()
        self._values[key] = (value, now + ttl_s)
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_S
            self._values = {k: (v, expires) for k, (v, expires) in self._values.items() if now < expires}

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        self._refuse_closed()
        now = self._clock()
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

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RepositoryError("memory is closed")
