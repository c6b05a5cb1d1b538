"""What can go wrong. `service.errors` says which gRPC code a client sees for it.

VirtuosoError
├── ConfigError              a setting is unknown or its value not allowed; names the setting, the value, what is allowed
├── ExchangeError            an exchange did not give what was asked for
│   ├── VenueBlocked         it refuses this location or address: an outage for hours
│   ├── RateLimited          it asks for a pause, until `until_ms`
│   ├── VenueUnavailable     no connection, or it says that it is out of service
│   ├── VenueTimedOut        no answer in time
│   ├── BadData              an answer that cannot be read or is not plausible
│   ├── EmptyData            a well-formed answer without the rows that must be there
│   ├── VenueStale           its clock stands still or lies far behind
│   ├── VenueIncomplete      prices, but not enough else to score the market (judged by the collector)
│   ├── UnknownSymbol        it has no such market
│   └── Unsupported          it does not offer this kind of data at all
├── RepositoryError          a repository could not answer or store a value; absence is None, never this
│   └── RepositoryTimedOut   it did not answer in time, and is skipped for a while
├── CorruptValue             stored bytes are damaged, foreign or of another format
├── HistoryError             the history could not answer or store a record; absence is empty, never this
└── RequestError             a client's request cannot be answered as asked
    ├── InvalidField         a field breaks its rule
    ├── InvalidPageToken     not a token of ours, or of another request
    ├── ExpiredPageToken     its snapshot is gone
    ├── SymbolNotFound       the venue has no such symbol
    ├── SymbolNotTracked     the venue has it, but it is not scored
    ├── NotReady             no first complete snapshot yet
    ├── DataUnavailable      the newest data is too old to show
    ├── HistoryUnavailable   the answer is in the history, which cannot be read now
    ├── Overloaded           too many calls at once
    ├── TooManyStreams       too many open streams
    └── ShuttingDown         the server is going down
"""

from __future__ import annotations


class VirtuosoError(Exception):
    """Root of all errors that this product raises on purpose."""


class ConfigError(VirtuosoError):
    """A setting is unknown or its value is not allowed."""


class ExchangeError(VirtuosoError):
    """An exchange did not give what was asked for. `venue` and `endpoint` say where; the message says what it replied."""

    def __init__(self, message: str, *, venue: str = "", endpoint: str = "") -> None:
        super().__init__(message)
        self.venue = venue
        self.endpoint = endpoint


class VenueBlocked(ExchangeError):
    """The venue refuses this location or address."""


class RateLimited(ExchangeError):
    """The venue asks for a pause. `until_ms`: nothing may be sent to it before this time (epoch milliseconds, our clock)."""

    def __init__(self, message: str, *, venue: str = "", endpoint: str = "", until_ms: int) -> None:
        super().__init__(message, venue=venue, endpoint=endpoint)
        self.until_ms = until_ms


class VenueUnavailable(ExchangeError):
    """No connection, or the venue says that it is out of service."""


class VenueTimedOut(ExchangeError):
    """No answer in time."""


class BadData(ExchangeError):
    """An answer that cannot be read or is not plausible."""


class EmptyData(ExchangeError):
    """A well-formed answer without the rows that must be there."""


class VenueStale(ExchangeError):
    """The venue's clock stands still or lies far behind."""


class VenueIncomplete(ExchangeError):
    """The venue gives prices but not enough else to score the market."""


class UnknownSymbol(ExchangeError):
    """The venue has no such market."""


class Unsupported(ExchangeError):
    """The venue does not offer this kind of data at all, so it is never asked again."""


class RepositoryError(VirtuosoError):
    """A repository could not answer or could not store a value."""


class RepositoryTimedOut(RepositoryError):
    """A repository did not answer in time, and is skipped for a while. An error that comes in time is not this."""


class CorruptValue(VirtuosoError):
    """Stored bytes are damaged, foreign or of another format."""


class HistoryError(VirtuosoError):
    """The history could not answer or could not store a record. `refused`: the history works and never takes this record, so
    it is of no use to try again."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class RequestError(VirtuosoError):
    """A client's request cannot be answered as asked."""


class InvalidField(RequestError):
    """Fields break their rules. `violations`: (field path, what is wrong with which value and what is allowed). `more`: the
    search ended early, so there may be further violations."""

    def __init__(self, violations: list[tuple[str, str]], *, more: bool = False) -> None:
        listed = "; ".join(f"{field}: {text}" for field, text in violations)
        super().__init__(f"{'there may be more than these: ' if more else ''}{listed}")
        self.violations = violations


class InvalidPageToken(RequestError):
    """Not a token of ours, or one of another request."""


class ExpiredPageToken(RequestError):
    """The snapshot that the token belongs to is gone."""


class SymbolNotFound(RequestError):
    """The venue has no such symbol."""


class SymbolNotTracked(RequestError):
    """The venue has the symbol, but it is not scored."""


class NotReady(RequestError):
    """No first complete snapshot has been seen yet."""


class DataUnavailable(RequestError):
    """The newest data is too old to show."""


class HistoryUnavailable(RequestError):
    """The answer is in the history, which cannot be read now."""


class Overloaded(RequestError):
    """Too many calls at once."""


class TooManyStreams(RequestError):
    """Too many open streams."""


class ShuttingDown(RequestError):
    """The server is going down."""
