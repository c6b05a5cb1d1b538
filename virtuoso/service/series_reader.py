"""The series of one market for the panes of a chart. Requests read them from the repository, and share one read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtuoso.domain.errors import CorruptValue, DataUnavailable, RepositoryError
from virtuoso.service import admission
from virtuoso.service.served_snapshot import stored_provenance
from virtuoso.service.stored_reader import StoredReader

if TYPE_CHECKING:
    from virtuoso.market.v1 import provenance_pb2
    from virtuoso.store.v1 import market_series_pb2

SOFT_EXPIRY_MS = 180_000  # collectors store the series of a market once a minute


class SeriesReader(StoredReader):
    """A reader of series."""

    async def read(self, current: provenance_pb2.Provenance, symbol: str) -> market_series_pb2.MarketSeriesSet:
        """Return the series of a symbol on the venue and in the environment of the current snapshot.

        Raise DataUnavailable when there are none, when they are too old, or when the repository does not answer in time."""
        venue, environment = current.venue, current.environment
        found = await self._cache.get((venue, environment, symbol), lambda: self._read(venue, environment, symbol))
        if self._age_ms(found) > self._max_stale_ms:
            raise DataUnavailable(f"the newest series of {symbol} are too old to be served")
        return found

    def provenance(
        self,
        stored: market_series_pb2.MarketSeriesSet,
        current: provenance_pb2.Provenance,
        stale_reason: provenance_pb2.FallbackReason.ValueType,
    ) -> provenance_pb2.Provenance:
        """Return the provenance of a reply with these series."""
        age_ms = self._age_ms(stored)
        return stored_provenance(stored, current, stale=age_ms > SOFT_EXPIRY_MS, age_ms=age_ms, stale_reason=stale_reason)

    async def _read(
        self, venue: str, environment: provenance_pb2.Environment.ValueType, symbol: str
    ) -> market_series_pb2.MarketSeriesSet:
        missing = DataUnavailable(f"the series of {symbol} are not available yet")
        try:
            blob = await self._get(self._keys.series(venue, symbol), missing)
            return admission.read_series(blob, venue, environment, symbol, now_ms=self._clock.now_ms())
        except (TimeoutError, RepositoryError, CorruptValue) as error:
            raise missing from error
