"""The readers of stored data that a request reads from the repository. All other data is in the snapshot or the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.service.candle_reader import CandleReader
from virtuoso.service.market_list_reader import MarketListReader
from virtuoso.service.series_reader import SeriesReader

if TYPE_CHECKING:
    from virtuoso.service.snapshot_reader import Keys, Source

CACHE_S = 2.0


class RequestReaders:
    """The readers of candles, of lists of markets and of series.

    Data may be served for `max_stale_s`, and is cached for `cache_s`."""

    def __init__(
        self, source: Source, keys: Keys, *, max_stale_s: float, clock: Clock = SYSTEM_CLOCK, cache_s: float = CACHE_S
    ) -> None:
        self.candles = CandleReader(source, keys, max_stale_s=max_stale_s, clock=clock, cache_s=cache_s)
        self.markets = MarketListReader(source, keys, max_stale_s=max_stale_s, clock=clock, cache_s=cache_s)
        self.series = SeriesReader(source, keys, max_stale_s=max_stale_s, clock=clock, cache_s=cache_s)

    async def close(self) -> None:
        """Cancel all reads."""
        await self.candles.close()
        await self.markets.close()
        await self.series.close()
