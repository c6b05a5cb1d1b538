"""The base of readers of stored data. Requests read it from the repository, and share one read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from virtuoso.service.coalescing_cache import CoalescingCache
from virtuoso.wire import snapshots, times

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.service.snapshot_reader import Keys, Source
    from virtuoso.store.v1 import candle_series_pb2, market_list_pb2, market_series_pb2

READ_S = 1.5
"""The timeout of one read. A dashboard has two seconds for everything."""


class StoredReader:
    """A reader of one kind of stored data. Data may be served for `max_stale_s`, and is cached for `cache_s`."""

    max_cached = 256

    def __init__(self, source: Source, keys: Keys, *, max_stale_s: float, clock: Clock, cache_s: float) -> None:
        self._source, self._keys, self._clock = source, keys, clock
        self._max_stale_ms = max_stale_s * 1000
        self._cache = CoalescingCache(clock, lifetime_s=cache_s, max_entries=self.max_cached)

    async def close(self) -> None:
        """Cancel all reads."""
        await self._cache.close()

    async def _get(self, key: str, missing: Exception) -> bytes:
        """Return the value of a key. Raise `missing` when there is none, TimeoutError, or RepositoryError."""
        async with asyncio.timeout(READ_S):
            blob = await self._source.get(key)
        if blob is None:
            raise missing
        return blob

    def _age_ms(
        self, stored: candle_series_pb2.CandleSeries | market_list_pb2.MarketList | market_series_pb2.MarketSeriesSet
    ) -> int:
        return max(0, self._clock.now_ms() - times.millis(stored.observed_time) - snapshots.behind_ms(stored))
