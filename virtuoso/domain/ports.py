"""The ports: what the product needs of the outside. Each method states its result, its errors, and what absence looks like.

Every implementation passes the one contract suite of its port (tests/contract).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, DimensionKind, Instrument, OrderBook, Ticker, Timeframe, TimeSeries, Trades
    from virtuoso.domain.records import Alert, AlertKind, AlertLevel, Opportunity, ScorePoint, Side, Signal


class Exchange(Protocol):
    """One venue's market data, read only. Every method raises only `virtuoso.errors.ExchangeError` and its children (and
    CancelledError), keeps within the venue's rate limits, and refuses bad rows one by one, counting them by reason."""

    @property
    def venue(self) -> str:
        """Lower-case name, such as "bybit"."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """All active USDT linear perpetuals, read anew from the venue. Never empty: EmptyData is raised instead."""
        ...

    async def tickers(self) -> Mapping[str, Ticker]:
        """Tickers of the instruments last read, by symbol; bad rows are left out. Never empty: EmptyData is raised.
        VenueStale when the venue's clock stands still or lies far behind."""
        ...

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """The newest at most `limit` closed bars: the longest run without a gap that ends with the newest bar. With
        `before_ms` (epoch ms, the start of a bar) the newest of those that open before it: a page of the past.
        EmptyData when there is none."""
        ...

    async def order_book(self, instrument: Instrument) -> OrderBook:
        """Both sides. EmptyData when a side is empty; BadData when it is crossed or out of order."""
        ...

    async def trades(self, instrument: Instrument) -> Trades:
        """The venue's newest trades. EmptyData when there is none."""
        ...

    async def funding(self, instrument: Instrument) -> TimeSeries:
        """Past funding rates. EmptyData when there is none; Unsupported where the venue has no such thing."""
        ...

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        """Open interest every 5 minutes. EmptyData when there is none; Unsupported where the venue has no such thing."""
        ...

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        """Long/short account ratio every 5 minutes. EmptyData, Unsupported as above."""
        ...

    async def close(self) -> None:
        """Release sockets. Idempotent; never raises."""
        ...


class SnapshotRepository(Protocol):
    """Where snapshots and candles are kept: bytes under keys. Their content is never looked at. Values of any size up to
    64 MiB are kept whole or not at all; what is read back is what was written, or absent. Safe to use from one event loop
    by many tasks; several processes may share one repository."""

    @property
    def name(self) -> str:
        """Short name for metrics, such as "memcached"."""
        ...

    async def get(self, key: str) -> bytes | None:
        """The value; None when there is none, it has expired, or what is stored does not check (counted as corrupt).
        RepositoryError when the repository could not answer: an outage never looks like an absence."""
        ...

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep the value for at least about `ttl_s` seconds, replacing what was there at once. RepositoryError when it
        could not be kept; then the former value, or nothing, is read back, never a part."""
        ...

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """Take or renew the lease for `ttl_s` seconds. True when `owner` holds it now, False when another does.
        RepositoryError when that cannot be told. A lease saves work; nothing may be wrong when two hold it."""
        ...

    async def close(self) -> None:
        """Release what is held. Idempotent; never raises."""
        ...


class History(Protocol):
    """What is remembered beyond a snapshot. One collector writes, many servers read, at the same time. Every method raises
    only `virtuoso.errors.HistoryError` (and CancelledError); what was written is there whole or not at all. Writing again
    what may have been written is harmless. Times are epoch ms, ranges are half open: start <= t < end."""

    @property
    def name(self) -> str:
        """Short name for metrics, such as "sqlite"."""
        ...

    async def write(
        self, points: Sequence[ScorePoint] = (), signals: Sequence[Signal] = (), opportunities: Sequence[Opportunity] = ()
    ) -> None:
        """Keep all of them, in one transaction. A signal or opportunity whose id is known replaces the former one, unless
        that was judged later, or is closed and the new one is not; a point whose venue, symbol and time are known changes
        nothing. Scores and confidence are kept to 0.0001, all else exactly."""
        ...

    async def add_alerts(self, alerts: Sequence[Alert], *, cooldown_s: Mapping[AlertKind, float]) -> Sequence[Alert]:
        """Keep those whose key was not kept within its kind's cooldown before (nor earlier in this call), by `observed_ms`;
        one of the same key and time is the same alert, whatever the cooldown (a kind without one has 0). Returns them with
        their cursors, rising. Once a cursor can be read, no smaller one appears any more, whoever writes, and not in a
        history that is begun anew either."""
        ...

    async def score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, step_ms: int
    ) -> Sequence[ScorePoint]:
        """The last point of every `step_ms` of the range that has one, oldest first; steps are counted from `start_ms`."""
        ...

    async def scored_symbols(self, venue: str) -> Sequence[str]:
        """Those that have ever had a point, in order of their names."""
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
        """Newest first, by (opened_ms, id); empty filters let all through. `before`: only those that come after it in that
        order, for the next page."""
        ...

    async def results(
        self, venue: str = "", *, start_ms: int = 0
    ) -> Sequence[tuple[Side, tuple[DimensionKind, ...], float]]:
        """(side, drivers, result in R) of every closed signal that was opened since."""
        ...

    async def first_signal_ms(self, venue: str = "") -> int | None:
        """When the oldest closed signal was opened; None when there is none."""
        ...

    async def opportunities(
        self, venue: str = "", *, start_ms: int = 0, before: tuple[int, str] | None = None, limit: int = 100
    ) -> Sequence[Opportunity]:
        """Found since `start_ms`, newest first, by (found_ms, id); `before` as in `signals`."""
        ...

    async def alerts(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        kinds: Sequence[AlertKind] = (),
        least: AlertLevel | None = None,
        symbols: Sequence[str] = (),
        limit: int = 100,
    ) -> Sequence[Alert]:
        """With `after`: those with a larger cursor, oldest first; else those with a smaller one than `before` (None: all),
        newest first. Filters as in `signals`."""
        ...

    async def newest_cursor(self) -> int:
        """The cursor of the newest alert ever kept; 0 before the first."""
        ...

    async def forget(self, *, points_before_ms: int, rest_before_ms: int) -> int:
        """Remove points older than the first, and closed signals, opportunities and alerts older than the second, in small
        steps; how many records went."""
        ...

    async def close(self) -> None:
        """Release what is held. Idempotent; never raises."""
        ...
