"""Which of several collectors works. A lease only saves requests: nothing is wrong when two work, or when there is no
lease to be had."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository import keys
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.domain.ports import SnapshotRepository

log = logging.getLogger(__name__)

TTL_S = 5.0
VACANT_MS = 15_000  # the publisher of a head of this age works no more


class Lease:
    """The right to work, for `owner`, among all collectors on one repository."""

    def __init__(self, repository: SnapshotRepository, owner: str, clock: Clock) -> None:
        self.owner = owner
        self._repository = repository
        self._clock = clock

    async def acquire(self, *, working: bool) -> bool:
        """Take or renew it for TTL_S. Return whether `owner` should work. Where no lease can be had, the one that is
        `working` goes on, and another begins when nobody publishes."""
        try:
            return await self._repository.lease(keys.lease(), self.owner, ttl_s=TTL_S)
        except RepositoryError as error:
            log.debug("no lease can be had: %s", error)
            return working or await self._is_vacant()

    async def release(self) -> None:
        """Let a standby go on at once."""
        try:
            await self._repository.lease(keys.lease(), self.owner, ttl_s=0.001)
        except RepositoryError as error:
            log.debug("the lease could not be released and runs out: %s", error)

    async def _is_vacant(self) -> bool:
        """Return True when snapshots can be stored and nobody has published one lately. Collectors that start together look
        at different moments, so that as a rule only one of them begins."""
        await self._clock.sleep(zlib.crc32(self.owner.encode()) % 8)
        try:
            await self._repository.set(keys.trial(), b"", ttl_s=1)
            head = await self._repository.get(keys.HEAD)
            return head is None or self._clock.now_ms() - snapshots.decode_head(head)[1] > VACANT_MS
        except CorruptValue:
            return True
        except RepositoryError:
            return False
