"""The series of the scored markets for the panes of charts. They are stored one market after another, beside the passes.

Trades are kept for ten minutes only, so the taker deltas of a day are kept here. The next collector continues them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.analysis.market_series import market_series, received_deltas
from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository import keys
from virtuoso.wire.market_series import decode_received_deltas, encode_series

if TYPE_CHECKING:
    from virtuoso.collector.engine import Engine
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Stamp, SymbolInputs
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.market_data.feed import Feed

PERIOD_S = 60.0  # of one market
FIRST_PERIOD_S = 5.0  # of a market whose series were not stored yet

log = logging.getLogger(__name__)


class SeriesKeeper:
    """A keeper of series. `used` returns the feed of the used venue, or None. `engine` has the last markets.

    `publish` stores the encoded series of a venue's market. `repository` has those of the previous collector."""

    def __init__(
        self,
        used: Callable[[], Feed | None],
        engine: Engine,
        publish: Callable[[str, str, bytes], Awaitable[None]],
        repository: SnapshotRepository,
        clock: Clock,
    ) -> None:
        self._used, self._engine, self._publish = used, engine, publish
        self._repository, self._clock = repository, clock
        self._deltas: dict[tuple[str, str], Mapping[int, float]] = {}  # by venue and symbol

    async def run(self) -> None:
        """Store the series of one market after another until cancelled."""
        number, pause_s = 0, 1.0
        while True:
            await self._clock.sleep(pause_s)
            feed, pause_s = self._used(), 1.0
            market = self._engine.market(feed.venue) if feed is not None and feed.filled else None
            if feed is None or market is None or not market.inputs:
                continue
            venue, number = feed.venue, (number + 1) % len(market.inputs)
            known = (venue, market.inputs[number].symbol) in self._deltas
            pause_s = (PERIOD_S if known else FIRST_PERIOD_S) / len(market.inputs)
            try:
                await self._store(venue, market.inputs[number], market.stamp)
            except Exception:  # an unexpected error here must not end the scores
                log.exception("the series of %s cannot be made", market.inputs[number].symbol)
                metrics.INVALID_ROWS.labels("series").inc()

    async def _store(self, venue: str, inputs: SymbolInputs, stamp: Stamp) -> None:
        symbol = inputs.symbol
        if (venue, symbol) not in self._deltas:
            try:
                self._deltas[venue, symbol] = await self._recalled(keys.series(venue, symbol))
            except RepositoryError:
                return  # what cannot be read now is not replaced
        deltas = self._deltas[venue, symbol] = received_deltas(inputs.trades, self._deltas[venue, symbol])
        past = self._engine.state(venue).past_liquidations.get(symbol)

        def encode() -> bytes:
            series = market_series(inputs, stamp.observed_ms, deltas, past)
            return encode_series(venue, self._engine.environment, symbol, series, stamp)

        await self._publish(venue, symbol, await asyncio.to_thread(encode))

    async def _recalled(self, key: str) -> Mapping[int, float]:
        """Return the deltas that the previous collector stored. Raise RepositoryError when they cannot be read now."""
        blob = await self._repository.get(key)
        try:
            return decode_received_deltas(blob, self._engine.environment) if blob else {}
        except CorruptValue as error:
            log.warning("the past taker deltas are damaged: %s", error)
            return {}
