"""Which venue is used, and why: how each one fares, which may take over, and what makes the used one be left.

One venue is *used* at a time. It is left when its breaker opens: its calls fail, or too few of its symbols can be scored.
A better one takes over again once it has been well for the dwell and its market has been scored completely beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.domain.errors import ExchangeError, VenueIncomplete
from virtuoso.domain.model import FallbackReason
from virtuoso.domain.snapshot import Snapshot
from virtuoso.exchange.advice import advice
from virtuoso.exchange.breaker import Breaker
from virtuoso.exchange.failover import fallback_reason

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Fallback
    from virtuoso.exchange.failover import Failover

log = logging.getLogger(__name__)

INCOMPLETE_AFTER_S = 30.0  # a venue without a complete snapshot for so long counts as failing where there is another


class VenueSelection:
    """The one place that knows which venue is `used` (None before the first) and why it is not the first (`fallback`)."""

    def __init__(self, failover: Failover, clock: Clock) -> None:
        self._failover = failover
        self._clock = clock
        self._breakers = {venue: Breaker(venue, clock=clock) for venue in failover.venues}
        self._ready: set[str] = set()  # venues that could take over without a gap
        self._incomplete_since: dict[str, float] = {}
        self.used: str | None = None
        self.fallback: Fallback | None = None

    def select(self) -> str | None:
        """Choose the venue to use now. Return None while that one is not to be asked."""
        venue, self.fallback = self._failover.choose(self._breakers, used=self.used, ready=self._ready)
        if not self.may_ask(venue):
            return None
        if venue != self.used:
            if self.used is not None:
                reason = self.fallback.reason if self.fallback else "VENUE_WELL_AGAIN"
                log.warning("%s is used instead of %s (%s)", venue, self.used, reason)
                metrics.FALLBACKS.labels(self.used, venue, reason).inc()
            self.used = venue
            self._ready.discard(venue)
        return venue

    def may_ask(self, venue: str) -> bool:
        """Return False while the venue is to be left alone."""
        breaker = self._breakers[venue]
        return not breaker.open or breaker.probe_due

    def failed(self, venue: str, error: ExchangeError) -> None:
        """Take note that the venue failed."""
        breaker = self._breakers[venue]
        was_open = breaker.open
        breaker.failed(error)
        metrics.VENUE_UP.labels(venue).set(not breaker.open)
        if breaker.open and not was_open:
            log.error("%s cannot be used: %s: %s. %s", venue, type(error).__name__, error, advice(error))
        else:
            log.info("%s: %s: %s", venue, type(error).__name__, error)

    def judge(self, snapshot: Snapshot, *, warm: bool) -> None:
        """Take note of a pass over the used venue. `warm`: all of its inputs had been asked for."""
        venue, now = snapshot.venue, self._clock.monotonic()
        if snapshot.complete or not warm:
            self._incomplete_since.pop(venue, None)
            self._breakers[venue].succeeded()
        elif now - self._incomplete_since.setdefault(venue, now) > INCOMPLETE_AFTER_S and self._has_other(venue):
            self.failed(venue, _incomplete(snapshot))
        metrics.VENUE_UP.labels(venue).set(not self._breakers[venue].open)

    def answered(self, venue: str) -> None:
        """Take note that a venue beside the used one gave its prices."""
        self._breakers[venue].succeeded()
        metrics.VENUE_UP.labels(venue).set(1)

    def judge_beside(self, snapshot: Snapshot) -> bool:
        """Take note of a pass over a venue beside the used one. Return whether it may take over."""
        if snapshot.complete:
            self._ready.add(snapshot.venue)
        else:
            self.failed(snapshot.venue, _incomplete(snapshot))
        return snapshot.complete

    def not_ready(self, venue: str) -> None:
        """Take note that the venue cannot take over without a gap."""
        self._ready.discard(venue)

    def is_proven(self, venue: str) -> bool:
        """Return True when the venue has been well for the dwell and may be filled beside the used one."""
        return venue != self.used and self._failover.proven(self._breakers[venue])

    def is_failing(self, venue: str) -> bool:
        """Return True while the venue's last call failed and it is not used."""
        return venue != self.used and self._breakers[venue].error is not None

    def to_probe(self) -> list[str]:
        """Return the venues to look at beside the used one: those preferred to it, and all others while it fails."""
        if self.used is None:
            return []
        venues = self._failover.venues
        if self._breakers[self.used].open:
            return [venue for venue in venues if venue != self.used]
        return list(venues[: venues.index(self.used)])

    def health(self) -> Mapping[str, str]:
        """Return "failing" or "well" by venue."""
        return {venue: "failing" if breaker.open else "well" for venue, breaker in self._breakers.items()}

    def troubles(self) -> Mapping[str, FallbackReason]:
        """Return why a venue cannot be used, for each that cannot."""
        return {venue: fallback_reason(breaker.error) for venue, breaker in self._breakers.items() if breaker.open}

    def _has_other(self, venue: str) -> bool:
        """Return True when another venue may be used."""
        return any(other != venue and not breaker.open for other, breaker in self._breakers.items())


def _incomplete(snapshot: Snapshot) -> VenueIncomplete:
    count = f"{snapshot.scored} of {len(snapshot.universe)} symbols could be scored"
    return VenueIncomplete(count, venue=snapshot.venue)
