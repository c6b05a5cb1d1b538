"""What an operator can do about the failure of a venue."""

from __future__ import annotations

from virtuoso.domain.errors import ExchangeError


def remedy_for(error: ExchangeError) -> str:
    """Return what to do, as one sentence without a full stop."""
    match type(error).__name__:
        case "VenueBlocked":
            return "The venue blocks this location: set another venue in VIRTUOSO_EXCHANGES or run in another location"
        case "RateLimited":
            return "Wait: requests start again after the pause. Other programs at the same IP address share the limit"
        case "VenueUnavailable" | "VenueTimedOut":
            return "Check this machine's network and DNS, or VIRTUOSO_EXCHANGE_URLS if it is set"
        case "VenueStale":
            return "The clock of the venue has stopped or differs from this machine's clock: check this machine's clock"
        case "VenueIncomplete":
            return "The venue sends prices, but too few symbols can be scored; see virtuoso_exchange_requests_total"
        case _:
            return "The data of the venue is invalid; the venue is retried periodically"
