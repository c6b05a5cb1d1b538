"""Which venue to use now: the best that works, and back to a better one only once it has proved itself."""

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
    """Return the reason for a venue's failure. None, a venue without a failure, is VENUE_RECOVERING."""
    return FallbackReason.VENUE_RECOVERING if error is None else _REASONS.get(type(error), FallbackReason.VENUE_UNAVAILABLE)


class Failover:
    """The choice among `venues`, best first. A change of venue is a change of market, so it is not made lightly: away from
    one only when its breaker is open, back to a better one only when that has been healthy for `dwell_s` without break."""

    def __init__(self, venues: Sequence[str], *, dwell_s: float, clock: Clock) -> None:
        self.venues = tuple(venues)
        self.current = self.venues[0]
        self._dwell_ms = dwell_s * 1000
        self._clock = clock

    def choose(self, breakers: Mapping[str, Breaker], warm: Container[str] | None = None) -> tuple[str, Fallback | None]:
        """The venue to use now, and why it is not the first. With all breakers open it stays where it is. While the used one
        works, only a better one that is in `warm` (None: all are), filled and fit to take over, is gone back to."""
        rank = self.venues.index(self.current)
        usable = [venue for venue in self.venues if not breakers[venue].open]
        if self.current in usable:
            better = (venue for venue in self.venues[:rank] if warm is None or venue in warm)
            usable = [venue for venue in better if self.proven(breakers[venue])]
        if usable:
            self.current = usable[0]
        first = self.venues[0]
        return self.current, None if self.current == first else Fallback(
            venue=first, reason=fallback_reason(breakers[first].error)
        )

    def proven(self, breaker: Breaker) -> bool:
        """True when its venue has been healthy for the dwell without break."""
        since = breaker.healthy_since_ms
        return not breaker.open and since is not None and self._clock.now_ms() - since >= self._dwell_ms
