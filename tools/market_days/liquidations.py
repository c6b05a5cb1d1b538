"""A feed that also knows the liquidations of the recorded exchange, which only its streams tell."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.model import Liquidations
from virtuoso.market_data.feed import Feed

if TYPE_CHECKING:
    from tools.market_days.sources import RecordedVenue
    from virtuoso.domain.model import Floats, SymbolInputs
    from virtuoso.market_data.market import MarketData

KEPT_MS = 3_600_000


class WatchedFeed(Feed):
    """A feed whose markets have their liquidations of an hour."""

    def __init__(self, recorded: RecordedVenue, *given: Any) -> None:
        super().__init__(*given)
        self._recorded = recorded
        self._closed: defaultdict[str, Floats] = defaultdict(lambda: np.empty((0, 4)))
        self._begin_ms = self._end_ms = 0

    def market(self) -> MarketData:
        """See Feed."""
        market = super().market()
        now_ms = market.stamp.observed_ms
        self._begin_ms = self._begin_ms or now_ms
        self._end_ms = self._end_ms or now_ms
        new: defaultdict[str, list[tuple[int, float, float, float]]] = defaultdict(list)
        for second in range(self._end_ms // 1000, now_ms // 1000):
            for item in market.inputs:
                new[item.symbol] += self._recorded.liquidations(item.symbol, second)
        for symbol, rows in new.items():
            known = np.concatenate((self._closed[symbol], np.array(rows, dtype=np.float64).reshape(-1, 4)))
            self._closed[symbol] = known[known[:, 0] >= now_ms - KEPT_MS]
        self._end_ms = max(self._end_ms, now_ms)
        return replace(market, inputs=[self._with_liquidations(item, market) for item in market.inputs])

    def _with_liquidations(self, item: SymbolInputs, market: MarketData) -> SymbolInputs:
        times, prices, sizes, sides = np.ascontiguousarray(self._closed[item.symbol].T)
        closed = Liquidations(
            symbol=item.symbol,
            time_ms=times.astype(np.int64),
            price=prices,
            size=sizes,
            side=sides,
            stamp=market.stamp,
            complete_since_ms=self._begin_ms,
        )
        return replace(item, liquidations=closed)
