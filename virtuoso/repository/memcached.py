"""A repository in one memcached server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.repository.envelope import Envelope, check_size
from virtuoso.repository.memcached_client import CONNECTIONS, MemcachedClient
from virtuoso.repository.thread_pool import ThreadPool

T = TypeVar("T")


class MemcachedRepository:
    """A repository in one memcached server.

    Every call ends within about `timeout_s`, for values of any size. After that, it raises RepositoryTimedOut. The module
    `memcached_client` describes the storage format."""

    name = "memcached"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float = 1.0,
        connect_timeout_s: float = 0.5,
        clock: Clock = SYSTEM_CLOCK,
        keys: Sequence[str] = (),
    ) -> None:
        name = f"{self.name} {host}:{port}"
        self._timeout_s = timeout_s
        self._clock = clock
        self._threads = ThreadPool(name, CONNECTIONS // 2)
        self._client = MemcachedClient(
            *(name, host, port),
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            clock=clock,
            envelope=Envelope(keys),
        )

    async def get(self, key: str) -> bytes | None:
        """See the port. Raise CorruptValue when the stored bytes are damaged."""
        return await self._run(lambda deadline: self._client.get(key, deadline))

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        check_size(value)
        await self._run(lambda deadline: self._client.set(key, value, ttl_s, deadline))

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        return await self._run(lambda deadline: self._client.lease(key, owner, ttl_s, deadline))

    async def remove(self, key: str) -> None:
        """Remove the value, if there is one. Raise RepositoryError when that fails."""
        await self._run(lambda deadline: self._client.remove(key, deadline))

    async def close(self) -> None:
        """See the port."""
        await self._threads.close()
        self._client.close()

    async def _run(self, call: Callable[[float], T]) -> T:
        deadline = self._clock.monotonic() + self._timeout_s
        return await self._threads.run(lambda: call(deadline))
