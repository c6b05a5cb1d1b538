"""The ports: what the product needs of the outside. Each method states its result, its errors, and what absence looks like.

Every implementation of a port passes the one contract suite of that port (tests/contract). Times are epoch milliseconds.
Any method may raise CancelledError beside the errors that its port names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, DimensionKind, Instrument, OrderBook, Ticker, Timeframe, TimeSeries, Trades
    from virtuoso.domain.records import Alert, AlertKind, AlertLevel, Opportunity, ScorePoint, Side, Signal


class Exchange(Protocol):
    """One venue's market data, read only. Every method keeps within the venue's rate limits. It refuses bad rows one by one
    and counts them by reason. It raises only ExchangeError and its children, such as VenueUnavailable or RateLimited."""

    @property
    def venue(self) -> str:
        """Lower-case name, such as "bybit"."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """Return all active USDT linear perpetuals, read anew from the venue. Raise EmptyData when there is none: the result
        is never empty."""
        ...

    async def tickers(self) -> Mapping[str, Ticker]:
        """Return the tickers of the instruments last read, by symbol. A symbol whose row is bad is left out. Raise EmptyData
        when no row is good, VenueStale when the venue's clock stands still or lies far behind."""
        ...

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Return at most `limit` closed bars: the longest run without a gap that ends with the newest bar. `before_ms`, the
        start of a bar, asks for the newest bars that open before it. Raise EmptyData when there is none."""
        ...

    async def order_book(self, instrument: Instrument) -> OrderBook:
        """Return both sides of the book. Raise EmptyData when a side is empty, BadData when the book is crossed or out of
        order."""
        ...

    async def trades(self, instrument: Instrument) -> Trades:
        """Return the venue's newest trades. Raise EmptyData when there is none."""
        ...

    async def funding(self, instrument: Instrument) -> TimeSeries:
        """Return past funding rates. Raise EmptyData when there is none, Unsupported where the venue does not offer them."""
        ...

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        """Return open interest every 5 minutes. Raise EmptyData when there is none, Unsupported where the venue does not
        offer it."""
        ...

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        """Return the ratio of long to short accounts every 5 minutes. Raise EmptyData when there is none, Unsupported where
        the venue does not offer it."""
        ...

    async def close(self) -> None:
        """Close all connections. Idempotent. Never raise."""
        ...


class SnapshotRepository(Protocol):
    """Bytes under keys, for snapshots and candles. A repository never looks at the bytes. It stores values of up to 64 MiB
    whole or not at all: a value is read back as it was written, or is absent. Many tasks of one event loop may use it at
    once, and several processes may share it."""

    @property
    def name(self) -> str:
        """Short name for metrics, such as "memcached"."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Return the value. Return None when there is none, when it has expired, or when the stored bytes are damaged (which
        is counted). Raise RepositoryError when the repository cannot answer: an outage never looks like an absence."""
        ...

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Store the value for about `ttl_s` seconds at least. It replaces an earlier value at once. Raise RepositoryError
        when it cannot be stored; the earlier value or none is read back then, never a part of the new one."""
        ...

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """Take or renew the lease `key` for `ttl_s` seconds. Return True when `owner` holds it now, False when another owner
        does. Raise RepositoryError when that cannot be found out. A lease only saves work: after an outage two owners may
        hold it for a while, and nothing may go wrong then."""
        ...

    async def close(self) -> None:
        """Release all resources. Idempotent. Never raise."""
        ...


class HistoryReader(Protocol):
    """What is stored beyond a snapshot, for reading. Many servers read while one collector writes. Every method raises only
    HistoryError, when the history cannot answer. A range is half open: start <= t < end. Empty filters let all through."""

    @property
    def name(self) -> str:
        """Short name for metrics, such as "sqlite"."""
        ...

    async def score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, step_ms: int
    ) -> Sequence[ScorePoint]:
        """Return the last point of each step of the range, oldest first. Steps are `step_ms` long and counted from
        `start_ms`; one without points is left out. Empty when there is none. Scores and confidence are rounded to 0.0001."""
        ...

    async def scored_symbols(self, venue: str) -> Sequence[str]:
        """Return the symbols that have ever had a point, by name. Empty when there is none."""
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
        the page before. Empty when there is none."""
        ...

    async def results(
        self, venue: str = "", *, start_ms: int = 0
    ) -> Sequence[tuple[Side, tuple[DimensionKind, ...], float]]:
        """Return (side, drivers, result in R) of every closed signal that was opened at `start_ms` or later, in any order.
        Empty when there is none."""
        ...

    async def first_signal_ms(self, venue: str = "") -> int | None:
        """Return when the oldest closed signal was opened. None when there is none."""
        ...

    async def opportunities(
        self, venue: str = "", *, start_ms: int = 0, before: tuple[int, str] | None = None, limit: int = 100
    ) -> Sequence[Opportunity]:
        """Return at most `limit` opportunities found at `start_ms` or later, newest first by (found_ms, id). `before`:
        (found_ms, id) of the last opportunity of the page before. Empty when there is none."""
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
        """Return at most `limit` alerts. With `after`: those with a larger cursor, oldest first. Otherwise: those with a
        smaller cursor than `before` (None: all), newest first. Empty when there is none."""
        ...

    async def newest_cursor(self) -> int:
        """Return the cursor of the newest alert ever stored. 0 before the first."""
        ...

    async def close(self) -> None:
        """Release all resources. Idempotent. Never raise."""
        ...


class HistoryWriter(Protocol):
    """What is stored beyond a snapshot, for writing. Every method raises only HistoryError; its `refused` says that the
    history works but never takes such a record. A method stores all that it is given or, when it raises, nothing. To write
    again what may have been written does no harm."""

    @property
    def name(self) -> str:
        """Short name for metrics, such as "sqlite"."""
        ...

    async def write(
        self, points: Sequence[ScorePoint] = (), signals: Sequence[Signal] = (), opportunities: Sequence[Opportunity] = ()
    ) -> None:
        """Store all of them in one transaction. A signal or opportunity replaces the stored one with its id; but a stored
        signal stays when it was judged later, or when it is closed and the new one is active. A point changes nothing when
        one of its venue, symbol and time is stored. Scores and confidence are rounded to 0.0001, all else is stored exactly.
        Raise HistoryError when that fails."""
        ...

    async def add_alerts(self, alerts: Sequence[Alert], *, cooldown_s: Mapping[AlertKind, float]) -> Sequence[Alert]:
        """Store the new alerts and return them with their cursors, which rise. An alert is not new when one of its key lies
        within the cooldown of its kind, by `observed_ms`, or has the same `observed_ms`; stored before or earlier in this
        call. A kind that `cooldown_s` does not name has no cooldown. Empty when none is new.

        Once a cursor can be read no smaller one appears any more, whoever writes; not even in a history that is begun anew.
        Raise HistoryError when that fails."""
        ...

    async def forget(self, *, points_before_ms: int, rest_before_ms: int) -> int:
        """Delete points older than `points_before_ms`, and closed signals, opportunities and alerts older than
        `rest_before_ms`, in several small transactions. Return how many records were deleted. Raise HistoryError when that
        fails; some may be deleted then."""
        ...

    async def close(self) -> None:
        """Release all resources. Idempotent. Never raise."""
        ...
