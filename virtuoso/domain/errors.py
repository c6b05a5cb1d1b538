"""The errors of the product. `service.errors` maps them to gRPC codes.

VirtuosoError
├── ConfigError              a setting or an argument is invalid, or what it names is not available
├── ExchangeError            an exchange did not deliver the requested data
│   ├── VenueBlocked         it refuses this location or address; this lasts for hours
│   ├── RateLimited          it requires a pause until `until_ms`
│   ├── VenueUnavailable     no connection, or it reports that it is out of service
│   ├── VenueTimedOut        no answer in time
│   ├── BadData              an answer that is not readable or not plausible
│   ├── EmptyData            a well-formed answer without the expected rows
│   ├── VenueStale           its clock has stopped or is far from ours
│   ├── VenueIncomplete      prices, but not enough other data to score the market (the collector decides)
│   ├── UnknownSymbol        it has no such market
│   └── Unsupported          it does not offer this kind of data
├── RepositoryError          a repository could not answer or store a value; a missing value is None, not an error
│   ├── RepositoryTimedOut   it did not answer in time, and is skipped for a while
│   └── Superseded           a snapshot was not stored, because a collector of a later term publishes
├── CorruptValue             stored bytes are damaged, not ours or in another format
├── HistoryError             the history could not answer or store a record; without records, the result is empty
└── RequestError             a client's request cannot be answered
    ├── InvalidField         a field violates its rule
    ├── InvalidPageToken     not a token of this service, or a token of another request
    ├── ExpiredPageToken     its snapshot no longer exists
    ├── SymbolNotFound       the venue has no such symbol
    ├── SymbolNotTracked     the venue has it, but it is not scored
    ├── NotReady             no first complete snapshot yet
    ├── DataUnavailable      the newest data is too old to be served
    ├── HistoryUnavailable   the answer is in the history, which cannot be read now
    ├── Overloaded           too many calls at once
    ├── TooManyStreams       too many open streams
    ├── UnknownRpc           there is no such RPC
    └── ShuttingDown         the server is shutting down
"""

from __future__ import annotations


class VirtuosoError(Exception):
    """The base class of all errors that this product raises deliberately."""


class ConfigError(VirtuosoError):
    """A setting or an argument is invalid, or what it names is not available. The message says which, and what is
    expected."""


class ExchangeError(VirtuosoError):
    """An exchange did not deliver the requested data from `endpoint` of `venue`. The message describes its reply."""

    def __init__(self, message: str, *, venue: str = "", endpoint: str = "") -> None:
        super().__init__(message)
        self.venue = venue
        self.endpoint = endpoint


class VenueBlocked(ExchangeError):
    """The venue refuses this location or address."""


class RateLimited(ExchangeError):
    """The venue requires a pause. `until_ms`: send no request before this time (epoch milliseconds, our clock)."""

    def __init__(self, message: str, *, venue: str = "", endpoint: str = "", until_ms: int) -> None:
        super().__init__(message, venue=venue, endpoint=endpoint)
        self.until_ms = until_ms


class VenueUnavailable(ExchangeError):
    """There is no connection, or the venue reports that it is out of service."""


class VenueTimedOut(ExchangeError):
    """The venue did not answer in time."""


class BadData(ExchangeError):
    """An answer is not readable or not plausible."""


class EmptyData(ExchangeError):
    """A well-formed answer does not contain the expected rows."""


class VenueStale(ExchangeError):
    """The venue's clock has stopped or is far from ours."""


class VenueIncomplete(ExchangeError):
    """The venue delivers prices, but not enough other data to score the market."""


class UnknownSymbol(ExchangeError):
    """The venue has no such market."""


class Unsupported(ExchangeError):
    """The venue does not offer this kind of data. It is not requested again."""


class RepositoryError(VirtuosoError):
    """A repository could not answer or could not store a value."""


class Superseded(RepositoryError):
    """A snapshot was not stored, because a collector of a later term publishes."""


class RepositoryTimedOut(RepositoryError):
    """A repository did not answer in time, and is skipped for a while. An error reply in time is a RepositoryError."""


class CorruptValue(VirtuosoError):
    """Stored bytes are damaged, not ours or in another format."""


class HistoryError(VirtuosoError):
    """The history could not answer or could not store a record. `refused`: the history works but never accepts this record,
    so do not retry."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class RequestError(VirtuosoError):
    """A client's request cannot be answered."""


class InvalidField(RequestError):
    """Fields violate their rules.

    `violations`: (field path, description of the value, the error and the allowed values). `more`: the check ended early, so
    there may be more violations."""

    def __init__(self, violations: list[tuple[str, str]], *, more: bool = False) -> None:
        listed = "; ".join(f"{field}: {text}" if field else text for field, text in violations)
        super().__init__(f"{'there may be more than these: ' if more else ''}{listed}")
        self.violations = violations


class InvalidPageToken(RequestError):
    """The page token is not from this service, or belongs to another request."""


class ExpiredPageToken(RequestError):
    """The snapshot of the page token no longer exists."""


class SymbolNotFound(RequestError):
    """The venue has no such symbol."""


class SymbolNotTracked(RequestError):
    """The venue has the symbol, but it is not scored."""


class NotReady(RequestError):
    """There has been no complete snapshot yet."""


class DataUnavailable(RequestError):
    """The newest data is too old to be served."""


class HistoryUnavailable(RequestError):
    """The answer is in the history, which cannot be read now."""


class Overloaded(RequestError):
    """There are too many concurrent calls."""


class TooManyStreams(RequestError):
    """There are too many open streams."""


class UnknownRpc(RequestError):
    """There is no such RPC."""


class ShuttingDown(RequestError):
    """The server is shutting down."""
