"""The selection of the used venue, based on the health of all venues.

One venue is *used* at a time. It is replaced when its breaker opens, because its calls fail or too few of its
symbols can be scored. A preferred venue takes over again when it has been healthy for the dwell time and a pass over its
market has given a complete snapshot.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.domain.errors import ExchangeError, VenueIncomplete
from virtuoso.domain.model import FallbackReason
from virtuoso.domain.snapshot import Snapshot
from virtuoso.exchange.breaker import Breaker
from virtuoso.exchange.failover import fallback_reason
from virtuoso.exchange.remedies import remedy_for

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Fallback
    from virtuoso.exchange.failover import Failover

log = logging.getLogger(__name__)

MAX_INCOMPLETE_S = 30.0  # a venue fails after this time without a complete snapshot, if there is another venue


class VenueSelection:
    """The `used` venue (None before the first selection), and the reason why it is not the first venue (`fallback`)."""

    def __init__(self, failover: Failover, clock: Clock) -> None:
        self._failover = failover
        self._clock = clock
        self._breakers = {venue: Breaker(venue, clock=clock) for venue in failover.venues}
        self._ready: set[str] = set()  # venues that can take over without a gap
        self._incomplete_since: dict[str, float] = {}
        self._unmeasurable: dict[str, Mapping[str, str]] = {}  # symbols with reasons, by venue
        self.used: str | None = None
        self.fallback: Fallback | None = None

    def select(self) -> str | None:
        """Select and return the venue to use now. Return None while no request may be sent to it."""
        venue, self.fallback = self._failover.choose(self._breakers, used=self.used, ready=self._ready)
        if not self.may_request(venue):
            return None
        if venue != self.used:
            if self.used is not None:
                reason = self.fallback.reason.name if self.fallback else "VENUE_WELL_AGAIN"
                log.warning("%s is used instead of %s (%s)", venue, self.used, reason)
                metrics.FALLBACKS.labels(self.used, venue, reason).inc()
            self.used = venue
            self._ready.discard(venue)
        return venue

    def may_request(self, venue: str) -> bool:
        """Return True if a request may be sent to the venue now."""
        breaker = self._breakers[venue]
        return not breaker.open or breaker.probe_due

    def failed(self, venue: str, error: ExchangeError) -> None:
        """Record a failure of the venue."""
        breaker = self._breakers[venue]
        was_open = breaker.open
        breaker.failed(error)
        metrics.VENUE_UP.labels(venue).set(not breaker.open)
        if breaker.open and not was_open:
            log.error("%s cannot be used: %s: %s. %s", venue, type(error).__name__, error, remedy_for(error))
        else:
            log.info("%s: %s: %s", venue, type(error).__name__, error)

    def record_pass(self, snapshot: Snapshot, *, warm: bool) -> None:
        """Record a pass over the used venue. `warm` means that feed and recall were ready at its start."""
        venue, now = snapshot.venue, self._clock.monotonic()
        if warm:
            self._report_unmeasurable(snapshot)
        if snapshot.complete or not warm:
            self._incomplete_since.pop(venue, None)
            self._breakers[venue].succeeded()
        elif now - self._incomplete_since.setdefault(venue, now) > MAX_INCOMPLETE_S and self._has_other(venue):
            self.failed(venue, _incomplete(snapshot))
        metrics.VENUE_UP.labels(venue).set(not self._breakers[venue].open)

    def _report_unmeasurable(self, snapshot: Snapshot) -> None:
        """Log each symbol that the venue cannot measure, once for each reason."""
        reported = self._unmeasurable.get(snapshot.venue, {})
        for symbol, reason in snapshot.unmeasurable.items():
            if reported.get(symbol) != reason:
                log.warning("%s has no score: %s", symbol, reason)
        self._unmeasurable[snapshot.venue] = snapshot.unmeasurable

    def record_probe(self, venue: str) -> None:
        """Record that a probed venue returned its prices."""
        self._breakers[venue].succeeded()
        metrics.VENUE_UP.labels(venue).set(1)

    def record_probe_pass(self, snapshot: Snapshot) -> bool:
        """Record a pass over a venue that is not used. Return True if the venue may take over."""
        if snapshot.complete:
            self._ready.add(snapshot.venue)
        else:
            self.failed(snapshot.venue, _incomplete(snapshot))
        return snapshot.complete

    def not_ready(self, venue: str) -> None:
        """Record that the venue cannot take over without a gap."""
        self._ready.discard(venue)

    def is_proven(self, venue: str) -> bool:
        """Return True if the venue is not used and has been healthy for the dwell time. Its feed may then be filled."""
        return venue != self.used and self._failover.proven(self._breakers[venue])

    def is_failing(self, venue: str) -> bool:
        """Return True while the venue is not used and its last call failed."""
        return venue != self.used and self._breakers[venue].error is not None

    def to_probe(self) -> list[str]:
        """Return the venues to probe: the venues preferred to the used one, or all others while the used one fails."""
        if self.used is None:
            return []
        venues = self._failover.venues
        if self._breakers[self.used].open:
            return [venue for venue in venues if venue != self.used]
        return list(venues[: venues.index(self.used)])

    def health(self) -> Mapping[str, str]:
        """Return the health by venue: "failing" or "ok"."""
        return {venue: "failing" if breaker.open else "ok" for venue, breaker in self._breakers.items()}

    def failures(self) -> Mapping[str, FallbackReason]:
        """Return the reason for each venue that cannot be used."""
        return {venue: fallback_reason(breaker.error) for venue, breaker in self._breakers.items() if breaker.open}

    def _has_other(self, venue: str) -> bool:
        """Return True when another venue may be used."""
        return any(other != venue and not breaker.open for other, breaker in self._breakers.items())


def _incomplete(snapshot: Snapshot) -> VenueIncomplete:
    count = f"{snapshot.scored} of {len(snapshot.universe)} symbols could be scored"
    return VenueIncomplete(count, venue=snapshot.venue)
