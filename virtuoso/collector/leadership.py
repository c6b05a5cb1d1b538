"""Whether this collector is the one that works, and for how long it may believe so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.collector.lease import TTL_S

if TYPE_CHECKING:
    from virtuoso.collector.lease import Lease
    from virtuoso.domain.clock import Clock


class Leadership:
    """`working`: set by its owner while it works."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self._lease = lease
        self._clock = clock
        self._renewed_at = -math.inf
        self.working = False

    @property
    def owner(self) -> str:
        """Return the name under which the lease is held."""
        return self._lease.owner

    async def renew(self) -> bool:
        """Take or renew the lease. Return whether this collector should work."""
        leads = await self._lease.acquire(working=self.working)
        self._renewed_at = self._clock.monotonic() if leads else -math.inf
        metrics.LEASE_HELD.set(leads)
        return leads

    @property
    def in_doubt(self) -> bool:
        """Return True once the lease may have run out: another collector may work."""
        return self._clock.monotonic() - self._renewed_at > TTL_S

    async def release(self) -> None:
        """Let a standby go on at once."""
        await self._lease.release()
