"""Several memcached servers as one repository, which works while one of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import blake2b

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.repository.circuit_breaker import PAUSE_S, CircuitBreakerRepository
from virtuoso.repository.composite import combined_error


class ShardedRepository:
    """Each key has its own order of servers by rendezvous hashing, the same in every process. A call goes to the first
    server, and on to the next one when a server fails.

    A value is stored on the first server that takes it. A read also goes on past servers without the value, so that one
    that came back empty hides nothing. A value on a dead server is absent until it is written again. A server that came
    back with an old value hides the newer one from `get` until the next write; `get_all` returns both."""

    name = "memcached"

    def __init__(self, servers: Mapping[str, SnapshotRepository], *, timeout_s: float, pause_s: float = PAUSE_S) -> None:
        """`servers` by address. A call of one takes at most `timeout_s`; one that took longer is skipped for `pause_s`."""
        self._servers = {
            address: CircuitBreakerRepository(server, timeout_s=timeout_s, pause_s=pause_s)
            for address, server in servers.items()
        }

    def health(self) -> dict[str, str]:
        """Return the health of each server: "ok", "not asked yet", or what fails."""
        return {f"{self.name} {address}": server.health for address, server in self._servers.items()}

    async def get(self, key: str) -> bytes | None:
        """See the port. Raise CorruptValue when no server has a whole value and one has damaged bytes."""
        errors: list[RepositoryError] = []
        corrupt: CorruptValue | None = None
        for server in self._order(key):
            try:
                value = await server.get(key)
            except RepositoryError as error:
                errors.append(error)
            except CorruptValue as error:
                corrupt = error
            else:
                if value is not None:
                    return value
        self._raise_if_all_failed(errors)
        if corrupt is not None:
            raise corrupt
        return None

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See CompositeRepository. Raise CorruptValue when no server has a whole value and one has damaged bytes."""
        servers = self._order(key)
        answers = await asyncio.gather(*(server.get(key) for server in servers), return_exceptions=True)
        self._raise_if_all_failed([each for each in answers if isinstance(each, RepositoryError)])
        values = [(self.name, each) for each in answers if isinstance(each, bytes)]
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, RepositoryError | CorruptValue):
                raise answer
            if isinstance(answer, CorruptValue) and not values:
                raise answer
        return values

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        errors: list[RepositoryError] = []
        for server in self._order(key):
            try:
                return await server.set(key, value, ttl_s=ttl_s)
            except RepositoryError as error:
                errors.append(error)
        return self._raise_if_all_failed(errors)

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port. The first server that answers decides."""
        errors: list[RepositoryError] = []
        for server in self._order(key):
            try:
                return await server.lease(key, owner, ttl_s=ttl_s)
            except RepositoryError as error:
                errors.append(error)
        self._raise_if_all_failed(errors)
        return False

    async def close(self) -> None:
        """See the port."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))

    def _order(self, key: str) -> list[CircuitBreakerRepository]:
        addresses = sorted(self._servers, key=lambda address: blake2b(f"{address} {key}".encode()).digest())
        return [self._servers[address] for address in addresses]

    def _raise_if_all_failed(self, errors: list[RepositoryError]) -> None:
        if len(errors) == len(self._servers):
            raise combined_error(errors) from errors[-1]
