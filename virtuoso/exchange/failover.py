"""The choice of the venue to use: the best venue that works. A better venue is used again only after it has been healthy for
a while."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import (
    BadData,
    EmptyData,
    ExchangeError,
    RateLimited,
    VenueBlocked,
    VenueIncomplete,
    VenueStale,
    VenueTimedOut,
    VenueUnavailable,
)
from virtuoso.domain.model import Fallback, FallbackReason
from virtuoso.exchange.breaker import Breaker

_REASONS: dict[type[ExchangeError], FallbackReason] = {
    VenueBlocked: FallbackReason.VENUE_BLOCKED,
    RateLimited: FallbackReason.VENUE_RATE_LIMITED,
    VenueUnavailable: FallbackReason.VENUE_UNAVAILABLE,
    VenueTimedOut: FallbackReason.VENUE_TIMED_OUT,
    BadData: FallbackReason.VENUE_BAD_DATA,
    EmptyData: FallbackReason.VENUE_EMPTY,
    VenueStale: FallbackReason.VENUE_STALE,
    VenueIncomplete: FallbackReason.VENUE_INCOMPLETE,
}


def fallback_reason(error: ExchangeError | None) -> FallbackReason:
    """Return the reason for a venue's failure. Return VENUE_RECOVERING for None, which means no failure."""
    return FallbackReason.VENUE_RECOVERING if error is None else _REASONS.get(type(error), FallbackReason.VENUE_UNAVAILABLE)


class Failover:
    """Chooses among `venues`, which are ordered from best to worst.

    A change of venue is a change of market, so changes must be rare. A venue is replaced only when its breaker is open. A
    better venue is used again only after it has been continuously healthy for `dwell_s`. This class has no state: the
    breakers track the health of each venue, and the caller tracks which venue is used.
    """

    def __init__(self, venues: Sequence[str], *, dwell_s: float, clock: Clock) -> None:
        self.venues = tuple(venues)
        self._dwell_ms = dwell_s * 1000
        self._clock = clock

    def choose(
        self, breakers: Mapping[str, Breaker], *, used: str | None, ready: Container[str] | None = None
    ) -> tuple[str, Fallback | None]:
        """Return the venue to use now. Also return the reason when it is not the first venue.

        `used` is the current venue, or None at the first choice. When all breakers are open, the venue does not change.
        While the current venue works, switch only to a better venue that is `proven` and in `ready`. `ready` has the venues
        whose market data is complete. None means all venues.
        """
        first = self.venues[0]
        chosen = used or first
        usable = [venue for venue in self.venues if not breakers[venue].open]
        if chosen in usable:
            better = self.venues[: self.venues.index(chosen)]
            usable = [v for v in better if (ready is None or v in ready) and self.proven(breakers[v])]
        if usable:
            chosen = usable[0]
        if chosen == first:
            return chosen, None
        return chosen, Fallback(venue=first, reason=fallback_reason(breakers[first].error))

    def proven(self, breaker: Breaker) -> bool:
        """Return True when the venue of `breaker` has been continuously healthy for `dwell_s`."""
        since = breaker.healthy_since_ms
        return not breaker.open and since is not None and self._clock.now_ms() - since >= self._dwell_ms
