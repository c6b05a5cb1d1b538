"""What an operator can do about a venue's failure."""

from __future__ import annotations

from virtuoso.domain.errors import ExchangeError


def advice(error: ExchangeError) -> str:
    """Return one sentence without a full stop."""
    match type(error).__name__:
        case "VenueBlocked":
            return "It refuses this machine's location: name another venue in VIRTUOSO_EXCHANGES or run elsewhere"
        case "RateLimited":
            return "It asks for a pause, which is respected; other programs behind the same address count too"
        case "VenueUnavailable" | "VenueTimedOut":
            return "Check this machine's network and name resolution, or VIRTUOSO_EXCHANGE_URLS where it is set"
        case "VenueStale":
            return "Its clock stands still or lies far from ours: check this machine's clock"
        case "VenueIncomplete":
            return "Prices come, but too few symbols can be scored; see virtuoso_exchange_requests_total"
        case _:
            return "What it sends cannot be used; it is asked again from time to time"
