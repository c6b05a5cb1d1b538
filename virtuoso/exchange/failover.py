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
from virtuoso.domain.model import Fallback
from virtuoso.exchange.breaker import Breaker

RECOVERING = "VENUE_RECOVERING"
_REASONS: dict[type[ExchangeError], str] = {
    VenueBlocked: "VENUE_BLOCKED",
    RateLimited: "VENUE_RATE_LIMITED",
    VenueUnavailable: "VENUE_UNAVAILABLE",
    VenueTimedOut: "VENUE_TIMED_OUT",
    BadData: "VENUE_BAD_DATA",
    EmptyData: "VENUE_EMPTY",
    VenueStale: "VENUE_STALE",
    VenueIncomplete: "VENUE_INCOMPLETE",
}


def fallback_reason(error: ExchangeError | None) -> str:
    """Return the name of FallbackReason, without its prefix, for a venue's failure; VENUE_RECOVERING when it has none any
    more."""
    return RECOVERING if error is None else _REASONS.get(type(error), "VENUE_UNAVAILABLE")


class Failover:
    """The choice among `venues`, best first. A change of venue is a change of market, so it is not made lightly: away from
    one only when its breaker is open, back to a better one only when that has been healthy for `dwell_s` without break.
    It remembers nothing: the breakers know how each venue fares, and the caller which one is used."""

    def __init__(self, venues: Sequence[str], *, dwell_s: float, clock: Clock) -> None:
        self.venues = tuple(venues)
        self._dwell_ms = dwell_s * 1000
        self._clock = clock

    def choose(
        self, breakers: Mapping[str, Breaker], *, used: str | None, ready: Container[str] | None = None
    ) -> tuple[str, Fallback | None]:
        """Return the venue to use now, and why it is not the first. `used`: the one of before, None when this is the first
        choice. With all breakers open it stays. While the used one works, only a better one in `ready` (None: all are),
        filled and fit to take over, is gone back to."""
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
        """Return True when its venue has been healthy for the dwell without break."""
        since = breaker.healthy_since_ms
        return not breaker.open and since is not None and self._clock.now_ms() - since >= self._dwell_ms
