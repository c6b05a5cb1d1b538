"""The list of all markets of a venue, tracked or not. Requests read it from the repository, and share one read."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtuoso.domain.errors import CorruptValue, DataUnavailable, RepositoryError
from virtuoso.service import admission, encoding
from virtuoso.service.served_snapshot import stored_provenance
from virtuoso.service.stored_reader import StoredReader
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.market.v1 import market_pb2, provenance_pb2
    from virtuoso.service.snapshot_reader import Keys, Source
    from virtuoso.store.v1 import market_list_pb2

ORDERABLE = ("price", "change_24h_percent", "turnover_24h_usd", "funding_percent", "open_interest_usd")
DEFAULT_ORDER = "turnover_24h_usd desc"
LISTS_KEPT = 12  # of the last minute, so that all pages of a list come from one


@dataclass(frozen=True, slots=True)
class EncodedMarket:
    """An encoded VenueMarket. `numbers` are in the order of ORDERABLE; None means not known."""

    symbol: str
    chunk: bytes
    numbers: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class MarketList:
    """The markets of one venue at one time. `id` names the list in page tokens. `message` has no markets."""

    id: str
    message: market_list_pb2.MarketList
    markets: Sequence[EncodedMarket]  # by symbol
    _orders: dict[str, Sequence[EncodedMarket]] = field(default_factory=dict)

    def ordered(self, order_by: str) -> Sequence[EncodedMarket]:
        """Return the markets in the order "<field>[ asc|desc]"; the empty string means DEFAULT_ORDER.

        Markets without the number come last in both directions. Equal markets are ordered by symbol."""
        order = " ".join((order_by or DEFAULT_ORDER).split())
        markets = self._orders.get(order)
        if markets is None:
            markets = self._orders[order] = self._sorted(*order.partition(" ")[::2])
        return markets

    def _sorted(self, name: str, direction: str) -> Sequence[EncodedMarket]:
        if name == "symbol":
            return self.markets[::-1] if direction == "desc" else self.markets
        index = ORDERABLE.index(name)
        known = [(number, market) for market in self.markets if (number := market.numbers[index]) is not None]
        known.sort(key=lambda pair: pair[0], reverse=direction == "desc")
        return [*(market for _, market in known), *(market for market in self.markets if market.numbers[index] is None)]


class MarketListReader(StoredReader):
    """A reader of lists of markets."""

    max_cached = 4

    def __init__(self, source: Source, keys: Keys, *, max_stale_s: float, clock: Clock, cache_s: float) -> None:
        super().__init__(source, keys, max_stale_s=max_stale_s, clock=clock, cache_s=cache_s)
        self._recent: OrderedDict[str, MarketList] = OrderedDict()  # oldest first

    async def newest(self, current: provenance_pb2.Provenance) -> MarketList:
        """Return the newest list of the venue and environment of the current snapshot.

        Raise DataUnavailable when there is none, when it is too old, or when the repository does not answer in time."""
        venue, environment = current.venue, current.environment
        found = await self._cache.get((venue, environment), lambda: self._read(venue, environment))
        if self._age_ms(found.message) > self._max_stale_ms:
            raise DataUnavailable(f"the newest list of the markets of {venue} is too old to be served")
        return found

    def recent(self, list_id: str) -> MarketList | None:
        """Return a list that was read not long ago, or None."""
        return self._recent.get(list_id)

    def provenance(
        self,
        markets: MarketList,
        current: provenance_pb2.Provenance,
        stale_reason: provenance_pb2.FallbackReason.ValueType,
    ) -> provenance_pb2.Provenance:
        """Return the provenance of a reply with these markets."""
        age_ms = self._age_ms(markets.message)
        stale = age_ms > snapshots.SOFT_EXPIRY_SCORES_MS
        return stored_provenance(markets.message, current, stale=stale, age_ms=age_ms, stale_reason=stale_reason)

    async def _read(self, venue: str, environment: provenance_pb2.Environment.ValueType) -> MarketList:
        missing = DataUnavailable(f"the list of the markets of {venue} is not available yet")
        try:
            blob = await self._get(self._keys.markets(venue), missing)
            read = await asyncio.to_thread(_decode, blob, venue, environment, self._clock.now_ms())
        except (TimeoutError, RepositoryError, CorruptValue) as error:
            raise missing from error
        self._recent[read.id] = read
        self._recent.move_to_end(read.id)
        while len(self._recent) > LISTS_KEPT:
            self._recent.popitem(last=False)
        return read


def _decode(blob: bytes, venue: str, environment: provenance_pb2.Environment.ValueType, now_ms: int) -> MarketList:
    message, markets = admission.read_markets(blob, venue, environment, now_ms=now_ms)
    encoded = [_encoded(market) for market in sorted(markets, key=lambda market: market.symbol)]
    message.ClearField("markets")
    return MarketList(snapshots.checksum(blob).hex(), message, encoded)


def _encoded(market: market_pb2.VenueMarket) -> EncodedMarket:
    present = {field.name: value for field, value in market.ListFields()}
    return EncodedMarket(market.symbol, encoding.chunk_of(market), tuple(present.get(name) for name in ORDERABLE))
