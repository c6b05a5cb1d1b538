"""The leadership of this collector: whether it holds the lease, and whether the lease may have expired."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.collector.lease import TTL_S

if TYPE_CHECKING:
    from virtuoso.collector.lease import Lease
    from virtuoso.domain.clock import Clock


class Leadership:
    """The leadership of a collector. The collector sets `active` while it runs passes."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self._lease = lease
        self._clock = clock
        self._renewed_at = -math.inf
        self.active = False

    @property
    def owner(self) -> str:
        """Return the name under which the lease is held."""
        return self._lease.owner

    async def renew(self) -> bool:
        """Acquire or renew the lease. Return True if this collector should be active."""
        leads = await self._lease.acquire(active=self.active)
        self._renewed_at = self._clock.monotonic() if leads else -math.inf
        metrics.LEASE_HELD.set(leads)
        return leads

    @property
    def in_doubt(self) -> bool:
        """Return True if the lease may have expired. Another collector may then be active."""
        return self._clock.monotonic() - self._renewed_at > TTL_S

    async def release(self) -> None:
        """Release the lease, so that a standby can take over immediately."""
        await self._lease.release()
