"""`virtuoso collect`: read exchanges, score, publish."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager

from virtuoso.analysis.weights import Weights
from virtuoso.app.parts import monitor, repository
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.history_recorder import HistoryRecorder, history_recorder
from virtuoso.collector.lease import Lease
from virtuoso.collector.one_pass import PassObserver
from virtuoso.config import Loaded, Settings
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules


async def collect(loaded: Loaded, _: Namespace, stop: asyncio.Event) -> int:
    """Read exchanges, score, publish."""
    settings = loaded.settings
    store = repository(settings)
    exchanges = {venue: CcxtExchange(venue, url=settings.exchange_urls.get(venue)) for venue in settings.exchanges}
    async with journal_of(settings) as journal, collector_of(settings, exchanges, store, journal=journal) as collector:
        work = asyncio.create_task(collector.run())
        asked = asyncio.create_task(stop.wait())
        try:
            async with monitor(settings, collector.status, collector.readiness):
                await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()  # it never ends by itself: this raises what ended it
        finally:
            asked.cancel()
            work.cancel()
            await asyncio.wait({work})
    return 0


@contextlib.asynccontextmanager
async def collector_of(
    settings: Settings,
    exchanges: Mapping[str, CcxtExchange],
    repository: SnapshotRepository,
    *,
    journal: HistoryRecorder | None = None,
    observer: PassObserver | None = None,
) -> AsyncIterator[Collector]:
    """A collector of those exchanges; they and the repository are closed with it."""
    environment = settings.effective_environment
    wanted, weights = settings.opportunities, weights_of(settings)
    engine = Engine(exchanges, environment, opportunities=wanted, weights=weights, history=journal, clock=SYSTEM_CLOCK)
    coingecko = CoinGecko(settings.coingecko_url, clock=SYSTEM_CLOCK)
    feeds = {venue: Feed(exchange, rules_of(settings), cadence, SYSTEM_CLOCK) for venue, exchange in exchanges.items()}
    try:
        yield Collector(
            feeds,
            Failover(settings.exchanges, dwell_s=settings.dwell_s, clock=SYSTEM_CLOCK),
            repository,
            coingecko,
            engine,
            lease=Lease(repository, f"{socket.gethostname()[:32]}-{os.getpid()}-{uuid.uuid4().hex[:8]}", SYSTEM_CLOCK),
            max_stale_s=settings.max_stale_s,
            clock=SYSTEM_CLOCK,
            observer=observer,
        )
    finally:
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close(), repository.close())


def rules_of(settings: Settings) -> UniverseRules:
    """Which markets the settings ask to score."""
    return UniverseRules(settings.symbol_limit, settings.symbols, settings.min_turnover_usd)


def weights_of(settings: Settings) -> Weights:
    """The weights of the model."""
    return Weights.of(settings.weights, settings.timeframe_weights)


def journal_of(settings: Settings) -> AbstractAsyncContextManager[HistoryRecorder | None]:
    """What the history is written with."""
    days = (settings.points_days, settings.history_days)
    return history_recorder(settings.effective_history, settings.exchanges, days=days, clock=SYSTEM_CLOCK)
