"""The ports: the interfaces to external systems. Each method states its result, its errors and how it reports missing data.

Every implementation of a port passes the contract suite of that port (tests/contract). Times are epoch milliseconds. In
addition to the documented errors, any method may raise CancelledError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Instrument, OrderBook, Ticker, Timeframe, TimeSeries, Trades
    from virtuoso.domain.outlook import SaidOutlook
    from virtuoso.domain.records import Alert, AlertKind, AlertLevel, Opportunity, ScorePoint, Side, Signal, SignalResult


class Exchange(Protocol):
    """Read-only access to the market data of one venue.

    Every method respects the rate limits of the venue. It refuses bad rows one by one and counts them by reason. It raises
    only ExchangeError and its subclasses, such as VenueUnavailable or RateLimited."""

    @property
    def venue(self) -> str:
        """Return the lower-case name, such as "bybit"."""
        ...

    @property
    def unlisted(self) -> Mapping[str, float]:
        """Return the turnovers of 24 hours of the symbols that trade according to the last read tickers, but are not in the
        last read list of markets."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """Read and return all active USDT linear perpetuals. Raise EmptyData when there is none, so that the result is never
        empty. Raise BadData when many of the last read ones are missing, until this is confirmed."""
        ...

    async def tickers(self) -> Mapping[str, Ticker]:
        """Return the tickers of the last read instruments, by symbol. Symbols with a bad row are left out. Raise EmptyData
        when no row is valid. Raise VenueStale when the venue's clock has stopped or is far from ours."""
        ...

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Return at most `limit` of the newest closed bars in one price scale. Bars may be missing. With `before_ms`, the
        start of a bar, return the newest bars that open before it. Raise EmptyData when there is none."""
        ...

    async def order_book(self, instrument: Instrument) -> OrderBook:
        """Return both sides of the order book. Raise EmptyData when a side is empty. Raise BadData when the book is crossed
        or not sorted."""
        ...

    async def trades(self, instrument: Instrument) -> Trades:
        """Return the venue's newest trades. Raise EmptyData when there is none."""
        ...

    async def funding(self, instrument: Instrument) -> TimeSeries:
        """Return past funding rates. Raise EmptyData when there is none, Unsupported when the venue does not offer them."""
        ...

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        """Return the open interest in steps of 5 minutes. Raise EmptyData when there is none, Unsupported when the venue
        does not offer it."""
        ...

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        """Return the ratio of long to short accounts in steps of 5 minutes. Raise EmptyData when there is none, Unsupported
        when the venue does not offer it."""
        ...

    async def close(self) -> None:
        """Close all connections. Idempotent. Never raise."""
        ...


class SnapshotRepository(Protocol):
    """A key-value store of bytes, for snapshots and candles.

    A repository does not interpret the bytes. It stores values of up to 16 MiB, completely or not at all: a value is read
    back as it was written, or is absent. Many tasks of one event loop may use it concurrently, and several processes may
    share it."""

    @property
    def name(self) -> str:
        """Return a short name for metrics, such as "memcached"."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Return the value. Return None when there is none, when it has expired, or when the stored bytes are damaged (which
        is counted). Raise RepositoryError when the repository cannot answer: an outage never looks like a missing value."""
        ...

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Store the value for about `ttl_s` seconds or longer. It replaces an earlier value immediately. Raise
        RepositoryError when it cannot be stored. Readers then get the earlier value or none, never a part of the new one."""
        ...

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """Take or renew the lease `key` for `ttl_s` seconds. Return True when `owner` holds it now, False when another owner
        does. Raise RepositoryError when the holder cannot be determined. A lease only saves work. After an outage, two
        owners may hold it for a while, and the data must stay correct then."""
        ...

    async def close(self) -> None:
        """Release all resources. Idempotent. Never raise."""
        ...


class HistoryReader(Protocol):
    """Read access to the records that outlive a snapshot.

    Many servers read while one collector writes. Every method raises only HistoryError, when the history cannot answer. A
    range is half open: start <= t < end. An empty filter selects everything."""

    @property
    def name(self) -> str:
        """Return a short name for metrics, such as "sqlite"."""
        ...

    async def score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, step_ms: int
    ) -> Sequence[ScorePoint]:
        """Return the last point of each step of the range, oldest first. Steps are `step_ms` long and start at `start_ms`.
        Steps without points are left out. Empty when there is no point. Scores and confidence are rounded to 0.0001."""
        ...

    async def all_score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, limit: int
    ) -> Sequence[ScorePoint]:
        """Return the first `limit` points of the range, oldest first. Empty when there is no point. Scores and confidence
        are rounded to 0.0001."""
        ...

    async def scored_venues(self) -> Sequence[str]:
        """Return the venues that have ever had a point, sorted by name. Empty when there is none."""
        ...

    async def scored_symbols(self, venue: str) -> Sequence[str]:
        """Return the symbols that have ever had a point, sorted by name. Empty when there is none."""
        ...

    async def signals(
        self,
        venue: str = "",
        *,
        symbols: Sequence[str] = (),
        side: Side | None = None,
        active: bool | None = None,
        before: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> Sequence[Signal]:
        """Return at most `limit` signals, newest first by (opened_ms, id). `before`: (opened_ms, id) of the last signal of
        the previous page. Empty when there is none."""
        ...

    async def results(self, venue: str = "", *, start_ms: int = 0, closed_by_ms: int) -> Sequence[SignalResult]:
        """Return the result of each signal that was opened at `start_ms` or later and closed until `closed_by_ms`, in any
        order. Empty when there is none."""
        ...

    async def opportunities(
        self, venue: str = "", *, start_ms: int = 0, before: tuple[int, str] | None = None, limit: int = 100
    ) -> Sequence[Opportunity]:
        """Return at most `limit` opportunities found at `start_ms` or later, newest first by (found_ms, id). `before`:
        (found_ms, id) of the last opportunity of the previous page. Empty when there is none."""
        ...

    async def alerts(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        kinds: Sequence[AlertKind] = (),
        min_level: AlertLevel | None = None,
        symbols: Sequence[str] = (),
        limit: int = 100,
    ) -> Sequence[Alert]:
        """Return at most `limit` alerts. With `after`, return those with a larger cursor, oldest first. Otherwise, return
        those with a smaller cursor than `before` (None: all), newest first. Empty when there is none."""
        ...

    async def said_outlooks(
        self, venue: str, *, start_ms: int, after: tuple[int, str] | None = None, limit: int | None = None
    ) -> Sequence[SaidOutlook]:
        """Return the outlooks whose bar closed at `start_ms` or later, oldest first by (bar_ms, id). `after`: (bar_ms, id)
        of the last outlook of the previous page, of at most `limit`. Empty when there is none."""
        ...

    async def newest_cursor(self) -> int:
        """Return the cursor of the newest alert ever stored. 0 when none was ever stored."""
        ...

    async def close(self) -> None:
        """Release all resources. Idempotent. Never raise."""
        ...


class HistoryWriter(Protocol):
    """Write access to the records that outlive a snapshot.

    Every method raises only HistoryError. The attribute `refused` of the error is True when the history works but never
    accepts such a record. A method stores all of its records or, when it raises, none. Writing records again is safe."""

    @property
    def name(self) -> str:
        """Return a short name for metrics, such as "sqlite"."""
        ...

    async def write(
        self, points: Sequence[ScorePoint] = (), signals: Sequence[Signal] = (), opportunities: Sequence[Opportunity] = ()
    ) -> None:
        """Store all records in one transaction. Raise HistoryError when that fails.

        A signal or opportunity replaces the stored one with the same id. A stored signal is kept if it was judged later, or
        if it is closed and the new one is active. A point is ignored if one with the same venue, symbol and time is stored.
        Scores and confidence are rounded to 0.0001. All other values are stored exactly."""
        ...

    async def write_outlooks(self, outlooks: Sequence[SaidOutlook]) -> None:
        """Store outlooks in one transaction. Raise HistoryError when that fails.

        What was said never changes: of an outlook whose id is stored, only the outcome is stored, if none is stored yet."""
        ...

    async def add_alerts(self, alerts: Sequence[Alert], *, cooldown_s: Mapping[AlertKind, float]) -> Sequence[Alert]:
        """Store the new alerts, and return them with ascending cursors. Raise HistoryError when that fails.

        Compare each alert with the alerts of the same key that were stored before or come earlier in this call. It is not
        new if one of them has the same `observed_ms`, or an `observed_ms` within the cooldown of its kind. A kind that is
        not in `cooldown_s` has no cooldown. Return an empty sequence when no alert is new.

        Once a cursor is readable, no smaller cursor appears later. This holds with several writers and in a newly created
        history."""
        ...

    async def delete_old(self, *, points_before_ms: int, rest_before_ms: int, latest_ms: int) -> int:
        """Delete points older than `points_before_ms`, closed signals, opportunities and alerts older than `rest_before_ms`,
        and all records that began after `latest_ms`, which were stored with a wrong time.

        Use several small transactions. Return the number of deleted records. Raise HistoryError when that fails. Some
        records may be deleted then."""
        ...

    async def close(self) -> None:
        """Release all resources. Idempotent. Never raise."""
        ...
