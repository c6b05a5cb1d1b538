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
"""The time after giving up for which it does not compete for the lease, so that a standby gets it."""
MAX_SILENCE_S = 480.0
"""The maximum time after giving up for which it does not announce that it can take over. The time begins with ABSTAIN_S and
doubles each time, so that two collectors without market data do not pass the lease back and forth."""

log = logging.getLogger(__name__)


class Leadership:
    """The leadership of a collector. The collector sets `active` while it runs passes."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self._lease = lease
        self._clock = clock
        self._renewed_at = -math.inf
        self._progress_at = -math.inf
        self._silence_s = ABSTAIN_S
        self._compete_at = self._announce_at = -math.inf
        self.active = False

    @property
    def owner(self) -> str:
        """Return the name under which the lease is held."""
        return self._lease.owner

    async def renew(self) -> bool:
        """Acquire or renew the lease. Return True if this collector should be active."""
        leads, began = False, self._clock.monotonic()
        if self.active and await self._should_give_up():
            log.warning("no snapshot for %.0f s, and a standby can take over: this collector gives up the lease", MAX_IDLE_S)
            self._compete_at, self._announce_at = began + ABSTAIN_S, began + self._silence_s
            self._silence_s = min(2 * self._silence_s, MAX_SILENCE_S)
            await self._lease.release()
        elif began >= self._compete_at:
            leads = await self._lease.acquire(active=self.active)
        self._renewed_at = began if leads else -math.inf  # the lease may run from the begin of the call
        if leads and not self.active:
            self._progress_at = self._clock.monotonic()
        metrics.LEASE_HELD.set(leads)
        return leads

    @property
    def in_doubt(self) -> bool:
        """Return True if the lease may have expired. Another collector may then be active."""
        return self._clock.monotonic() - self._renewed_at > TTL_S

    def report_progress(self) -> None:
        """Record that a snapshot of the market was computed."""
        self._progress_at = self._clock.monotonic()
        self._silence_s = ABSTAIN_S

    async def announce_standby(self) -> None:
        """Announce that this collector can take over from an active one without market data."""
        if self._clock.monotonic() >= self._announce_at:
            await self._lease.announce()

    async def release(self) -> None:
        """Release the lease, so that a standby can take over immediately."""
        await self._lease.release()

    async def _should_give_up(self) -> bool:
        idle_s = self._clock.monotonic() - self._progress_at
        return idle_s > MAX_IDLE_S and await self._lease.another_can_take_over()
