"""The lease that decides which of several collectors is active.

The lease only saves requests. The data stays correct when two collectors are active or when no lease is available."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING

from virtuoso.collector.publisher import NO_PUBLISHER_MS
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository import keys
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.domain.ports import SnapshotRepository

log = logging.getLogger(__name__)

TTL_S = 5.0
ANNOUNCEMENT_S = 5.0


class Lease:
    """The lease of `owner`. All collectors on one repository compete for it."""

    def __init__(self, repository: SnapshotRepository, owner: str, clock: Clock) -> None:
        self.owner = owner
        self._repository = repository
        self._clock = clock

    async def acquire(self, *, active: bool) -> bool:
        """Acquire or renew the lease for TTL_S. Return True if `owner` should be active.

        When no lease is available, an `active` owner continues. Another owner starts if no collector publishes."""
        try:
            return await self._repository.lease(keys.lease(), self.owner, ttl_s=TTL_S)
        except RepositoryError as error:
            log.debug("no lease is available: %s", error)
            return active or await self._no_collector_publishes()

    async def release(self) -> None:
        """Release the lease, so that a standby can take over immediately."""
        try:
            await self._repository.lease(keys.lease(), self.owner, ttl_s=0.001)
        except RepositoryError as error:
            log.debug("the lease could not be released and will expire: %s", error)

    async def announce(self) -> None:
        """Announce for ANNOUNCEMENT_S that `owner` can take over."""
        try:
            await self._repository.set(keys.standby(), self.owner.encode(), ttl_s=ANNOUNCEMENT_S)
        except RepositoryError as error:
            log.debug("this standby could not be announced: %s", error)

    async def another_can_take_over(self) -> bool:
        """Return True if another owner has announced that it can take over."""
        try:
            announced = await self._repository.get(keys.standby())
        except RepositoryError:
            return False
        return announced is not None and announced != self.owner.encode()

    async def _no_collector_publishes(self) -> bool:
        """Return True if snapshots can be stored and no collector has published one recently.

        Collectors that start together check at different times. Usually only one of them becomes active."""
        await self._clock.sleep(zlib.crc32(self.owner.encode()) % 8)
        try:
            await self._repository.set(keys.trial(), b"", ttl_s=1)
            head = await self._repository.get(keys.HEAD)
            return head is None or self._clock.now_ms() - snapshots.decode_head(head).observed_ms > NO_PUBLISHER_MS
        except CorruptValue:
            return True
        except RepositoryError:
            return False
