"""Several memcached servers as one repository. It works as long as one server works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import blake2b

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.repository.circuit_breaker import PAUSE_S, CircuitBreakerRepository
from virtuoso.repository.composite import combined_error


class ShardedRepository:
    """A repository on several servers. Rendezvous hashing gives each key its own order of servers, equal in all processes.

    A call goes to the first server. If a server fails, the call goes to the next one. A value is stored on the first server
    that accepts it. A read also continues after servers without the value, because a server is empty after a restart. A
    value on a failed server is missing until it is written again. A server that comes back with an old value hides the newer
    value from `get` until the next write. `get_all` returns both."""

    name = "memcached"

    def __init__(self, servers: Mapping[str, SnapshotRepository], *, timeout_s: float, pause_s: float = PAUSE_S) -> None:
        """Use `servers`, by address. A call takes at most `timeout_s`. After a timeout, skip the server for `pause_s`."""
        self._servers = {
            address: CircuitBreakerRepository(server, timeout_s=timeout_s, pause_s=pause_s)
            for address, server in servers.items()
        }

    def health(self) -> dict[str, str]:
        """Return the health of each server: "ok", "not used yet", or the error messages."""
        return {f"{self.name} {address}": server.health for address, server in self._servers.items()}

    async def get(self, key: str) -> bytes | None:
        """See the port. Raise CorruptValue when no server has an intact value and one has damaged bytes."""
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
        """See CompositeRepository. Raise CorruptValue when no server has an intact value and one has damaged bytes."""
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
