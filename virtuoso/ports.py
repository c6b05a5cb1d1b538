"""The ports: what the product needs of the outside. Each method states its result, its errors, and what absence looks like.

Every implementation passes the one contract suite of its port (tests/contract).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from virtuoso.model import Candles, Instrument, OrderBook, Ticker, Timeframe, TimeSeries, Trades


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

    async def candles(self, instrument: Instrument, timeframe: Timeframe, *, limit: int) -> Candles:
        """The newest at most `limit` closed bars: the longest run without a gap that ends with the newest bar.
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
