"""The leadership of this collector. A collector without market data gives the lease to a standby that can take over."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.collector.lease import TTL_S

if TYPE_CHECKING:
    from virtuoso.collector.lease import Lease
    from virtuoso.domain.clock import Clock

MAX_IDLE_S = 20.0
"""After this time without a snapshot, an active collector gives up the lease, if a standby can take over."""
ABSTAIN_S = 30.0
"""A collector that has given up the lease does not compete for it for this time. Each further time, it waits twice as long,
up to MAX_ABSTAIN_S."""
MAX_ABSTAIN_S = 480.0

log = logging.getLogger(__name__)


class Leadership:
    """The leadership of a collector. The collector sets `active` while it runs passes."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self._lease = lease
        self._clock = clock
        self._renewed_at = -math.inf
        self._progress_at = -math.inf
        self._abstain_s = ABSTAIN_S
        self._abstain_until = -math.inf
        self.active = False

    @property
    def owner(self) -> str:
        """Return the name under which the lease is held."""
        return self._lease.owner

    async def renew(self) -> bool:
        """Acquire or renew the lease. Return True if this collector should be active."""
        leads = False
        if self.active and await self._should_give_up():
            log.warning("no snapshot for %.0f s, and a standby can take over: this collector gives up the lease", MAX_IDLE_S)
            self._abstain_until = self._clock.monotonic() + self._abstain_s
            self._abstain_s = min(2 * self._abstain_s, MAX_ABSTAIN_S)
            await self._lease.release()
        elif not self.abstains:
            leads = await self._lease.acquire(active=self.active)
        self._renewed_at = self._clock.monotonic() if leads else -math.inf
        if leads and not self.active:
            self._progress_at = self._clock.monotonic()
        metrics.LEASE_HELD.set(leads)
        return leads

    @property
    def abstains(self) -> bool:
        """Return True while this collector does not compete for the lease."""
        return self._clock.monotonic() < self._abstain_until

    @property
    def in_doubt(self) -> bool:
        """Return True if the lease may have expired. Another collector may then be active."""
        return self._clock.monotonic() - self._renewed_at > TTL_S

    def report_progress(self) -> None:
        """Record that a snapshot of the market was computed."""
        self._progress_at = self._clock.monotonic()
        self._abstain_s = ABSTAIN_S

    async def announce_standby(self) -> None:
        """Announce that this collector can take over from an active one without market data."""
        if not self.abstains:
            await self._lease.announce()

    async def release(self) -> None:
        """Release the lease, so that a standby can take over immediately."""
        await self._lease.release()

    async def _should_give_up(self) -> bool:
        idle_s = self._clock.monotonic() - self._progress_at
        return idle_s > MAX_IDLE_S and await self._lease.another_can_take_over()
