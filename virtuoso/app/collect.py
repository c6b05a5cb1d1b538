"""`virtuoso collect`: read data from exchanges, compute scores, and publish snapshots."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager

from virtuoso.analysis.weights import Weights
from virtuoso.app.parts import monitor, notices, open_repository
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.history_recorder import HistoryRecorder, history_recorder
from virtuoso.collector.lease import Lease
from virtuoso.collector.one_pass import PassObserver
from virtuoso.config import LoadedSettings, Settings
from virtuoso.domain import open_files
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.streams.ccxt_pro import CcxtProStreams, streamed_kinds
from virtuoso.exchange.streams.ccxt_pro_reader import CcxtProReader
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import stream_facts
from virtuoso.exchange.streams.readers import new_reader
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules
from virtuoso.repository.notices import NotifyingRepository

log = logging.getLogger(__name__)

CONNECTIONS = 256  # connections to exchanges, and of clients of the monitor


async def collect(loaded: LoadedSettings, _: Namespace, stop: asyncio.Event) -> int:
    """Run a collector and its monitor port until `stop`."""
    settings = loaded.settings
    open_files.warn_of_shortage(CONNECTIONS, "a collector")
    snapshots = NotifyingRepository(open_repository(settings), notices(settings))
    exchanges = {venue: CcxtExchange(venue, url=settings.exchange_urls.get(venue)) for venue in settings.exchanges}
    async with (
        open_history_recorder(settings) as recorder,
        running_collector(settings, exchanges, snapshots, recorder=recorder) as collector,
    ):
        task = asyncio.create_task(collector.run())
        stopping = asyncio.create_task(stop.wait())
        try:
            async with monitor(settings, collector.status, collector.readiness):
                await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()  # a collector ends only with an error; raise it
        finally:
            stopping.cancel()
            task.cancel()
            await asyncio.wait({task})
    return 0


@contextlib.asynccontextmanager
async def running_collector(
    settings: Settings,
    exchanges: Mapping[str, CcxtExchange],
    repository: SnapshotRepository,
    *,
    recorder: HistoryRecorder | None = None,
    observer: PassObserver | None = None,
) -> AsyncIterator[Collector]:
    """Yield a collector for the exchanges. Close the exchanges and the repository afterwards."""
    environment = settings.effective_environment
    engine = Engine(
        exchanges,
        environment,
        opportunities=settings.opportunities,
        weights=model_weights(settings),
        history=recorder,
        clock=SYSTEM_CLOCK,
    )
    coingecko = CoinGecko(settings.coingecko_url, clock=SYSTEM_CLOCK)
    feeds = {venue: _open_feed(settings, exchange) for venue, exchange in exchanges.items()}
    try:
        yield Collector(
            feeds,
            Failover(settings.exchanges, dwell_s=settings.dwell_s, clock=SYSTEM_CLOCK),
            repository,
            coingecko,
            engine,
            lease=Lease(repository, f"{socket.gethostname()[:32]}-{os.getpid()}-{uuid.uuid4().hex[:8]}", SYSTEM_CLOCK),
            max_stale_s=settings.max_stale_s,
            pass_period_s=settings.pass_period_s,
            clock=SYSTEM_CLOCK,
            observer=observer,
        )
    finally:
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close(), repository.close())


def _open_feed(settings: Settings, exchange: CcxtExchange) -> Feed:
    """Return the feed of an exchange, with streams if the settings allow them and the venue has them.

    The streams of a venue without a reader of its own are used through ccxt.pro, but only if the settings say "on"."""
    venue, mode = exchange.venue, settings.stream_mode(exchange.venue)
    facts, reader = (None, None) if mode == "off" else (stream_facts(venue), new_reader(venue))
    kinds = streamed_kinds(exchange.stream_client()) if mode == "on" and reader is None else frozenset()
    by_ccxt = CcxtProReader(venue, kinds) if kinds else None
    if mode == "on" and reader is None and by_ccxt is None:
        log.warning("VIRTUOSO_STREAMS=on: %s has no streams that can be read, so it is polled", venue)
    feed = Feed(exchange, universe_rules(settings), cadence, SYSTEM_CLOCK, reader=reader or by_ccxt)
    if facts is not None and reader is not None:
        feed.use_streams(
            VenueStreams(
                facts,
                reader,
                url=settings.exchange_urls.get(venue),
                clock=SYSTEM_CLOCK,
                listener=feed.apply_updates,
                read_book=exchange.order_book_text,
            )
        )
    elif by_ccxt is not None:
        feed.use_streams(
            CcxtProStreams(by_ccxt, open_client=exchange.stream_client, clock=SYSTEM_CLOCK, listener=feed.apply_updates)
        )
    return feed


def universe_rules(settings: Settings) -> UniverseRules:
    """Return the rules that select the markets to score."""
    return UniverseRules(settings.symbol_limit, settings.symbols, settings.min_turnover_usd)


def model_weights(settings: Settings) -> Weights:
    """Return the weights of the scoring model."""
    return Weights.with_overrides(settings.weights, settings.timeframe_weights)


def open_history_recorder(settings: Settings) -> AbstractAsyncContextManager[HistoryRecorder | None]:
    """Open the recorder that writes the history. It is None without a history."""
    days = (settings.points_days, settings.history_days)
    return history_recorder(settings.effective_history, settings.exchanges, days=days, clock=SYSTEM_CLOCK)
