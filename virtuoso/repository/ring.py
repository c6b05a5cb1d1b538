"""Several memcached servers as one repository that lives while one of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import blake2b

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.repository.guarded import PAUSE_S, GuardedRepository, combined


class Ring:
    """Each key has its own order of servers (rendezvous hashing, the same in every process). A value lies on the first
    that takes it; a server that fails is passed over within the same call. Reads go on past servers without the value,
    so that one which came back empty hides nothing; an absence is what those that answer say, as what lay on a dead server
    only is lost until it is written again. One that came back with an old value hides
    the newer one from `get` until the next write; `get_all` shows both."""

    name = "memcached"

    def __init__(self, servers: Mapping[str, SnapshotRepository], *, timeout_s: float, pause_s: float = PAUSE_S) -> None:
        """Servers by address; each has `timeout_s` a call and rests for `pause_s` after it took longer."""
        self._servers = {
            address: GuardedRepository(server, timeout_s=timeout_s, pause_s=pause_s) for address, server in servers.items()
        }

    def health(self) -> dict[str, str]:
        """By server."""
        return {f"{self.name} {address}": server.health for address, server in self._servers.items()}

    async def get(self, key: str) -> bytes | None:
        """See the port; also CorruptValue, when that is all there is."""
        failures: list[RepositoryError] = []
        corrupt: CorruptValue | None = None
        for server in self._order(key):
            try:
                value = await server.get(key)
            except RepositoryError as exc:
                failures.append(exc)
            except CorruptValue as exc:
                corrupt = exc
            else:
                if value is not None:
                    return value
        self._refuse_silence(failures)
        if corrupt is not None:
            raise corrupt
        return None

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """See `guarded.Several`; also CorruptValue, when that is all there is."""
        servers = self._order(key)
        answers = await asyncio.gather(*(server.get(key) for server in servers), return_exceptions=True)
        self._refuse_silence([each for each in answers if isinstance(each, RepositoryError)])
        values = [(self.name, each) for each in answers if isinstance(each, bytes)]
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, RepositoryError | CorruptValue):
                raise answer
            if isinstance(answer, CorruptValue) and not values:
                raise answer
        return values

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        failures: list[RepositoryError] = []
        for server in self._order(key):
            try:
                return await server.set(key, value, ttl_s=ttl_s)
            except RepositoryError as exc:
                failures.append(exc)
        return self._refuse_silence(failures)

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        failures: list[RepositoryError] = []
        for server in self._order(key):
            try:
                return await server.lease(key, owner, ttl_s=ttl_s)
            except RepositoryError as exc:
                failures.append(exc)
        self._refuse_silence(failures)
        return False

    async def close(self) -> None:
        """See the port."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))

    def _order(self, key: str) -> list[GuardedRepository]:
        addresses = sorted(self._servers, key=lambda address: blake2b(f"{address} {key}".encode()).digest())
        return [self._servers[address] for address in addresses]

    def _refuse_silence(self, failures: list[RepositoryError]) -> None:
        if len(failures) == len(self._servers):
            raise combined(failures) from failures[-1]
