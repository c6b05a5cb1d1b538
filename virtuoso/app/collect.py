"""`virtuoso collect`: read data from exchanges, compute scores, and publish snapshots."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from virtuoso.analysis.signal_rules import CostRules, SignalRules
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
from virtuoso.exchange.streams.reader import StreamReader
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
        running_collector(
            settings, exchanges, snapshots, recorder=recorder, outlook_bars=_outlook_bars(settings)
        ) as collector,
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


def _outlook_bars(settings: Settings) -> Path:
    """Return the folder of the bars for outlooks. Bars of different environments are never in one folder."""
    return Path(settings.node_directory) / "outlook" / settings.effective_environment.lower_name


@contextlib.asynccontextmanager
async def running_collector(
    settings: Settings,
    exchanges: Mapping[str, CcxtExchange],
    repository: SnapshotRepository,
    *,
    recorder: HistoryRecorder | None = None,
    observer: PassObserver | None = None,
    observed_reader: Callable[[str, StreamReader], StreamReader] = lambda _, reader: reader,
    outlook_bars: Path | None = None,
) -> AsyncIterator[Collector]:
    """Yield a collector for the exchanges. Close the exchanges and the repository afterwards.

    `observed_reader` gets the reader of the streams of each venue, and returns the one to use in its place.
    `outlook_bars` is the folder of the bars for outlooks; without it, no outlook is made."""
    environment = settings.effective_environment
    engine = Engine(
        exchanges,
        environment,
        opportunities=settings.opportunities,
        weights=model_weights(settings),
        signal_rules=SignalRules(costs=cost_rules(settings)),
        history=recorder,
        clock=SYSTEM_CLOCK,
    )
    coingecko = CoinGecko(settings.coingecko_url, clock=SYSTEM_CLOCK)
    feeds = {venue: _open_feed(settings, exchange, observed_reader) for venue, exchange in exchanges.items()}
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
            outlook_bars=outlook_bars,
        )
    finally:
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close(), repository.close())


def _open_feed(
    settings: Settings, exchange: CcxtExchange, observed_reader: Callable[[str, StreamReader], StreamReader]
) -> Feed:
    """Return the feed of an exchange, with streams if the settings allow them and the venue has them."""
    venue, rules = exchange.venue, universe_rules(settings)
    found = _stream_reader(exchange, settings.stream_mode(venue))
    if found is None:
        return Feed(exchange, rules, cadence, SYSTEM_CLOCK)
    reader = observed_reader(venue, found)
    feed = Feed(exchange, rules, cadence, SYSTEM_CLOCK, reader=reader)
    if (facts := stream_facts(venue)) is not None:
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
    else:
        feed.use_streams(
            CcxtProStreams(
                venue, reader, open_client=exchange.stream_client, clock=SYSTEM_CLOCK, listener=feed.apply_updates
            )
        )
    return feed


def _stream_reader(exchange: CcxtExchange, mode: str) -> StreamReader | None:
    """Return a reader of the venue's streams, or None if it is only polled.

    The streams of a venue without a reader of its own are used through ccxt.pro, but only if the mode is "on"."""
    if mode == "off":
        return None
    if (reader := new_reader(exchange.venue)) is not None or mode != "on":
        return reader
    if kinds := streamed_kinds(exchange.stream_client()):
        return CcxtProReader(exchange.venue, kinds)
    log.warning("VIRTUOSO_STREAMS=on: %s has no streams that can be read, so it is polled", exchange.venue)
    return None


def universe_rules(settings: Settings) -> UniverseRules:
    """Return the rules that select the markets to score."""
    return UniverseRules(settings.symbol_limit, settings.symbols, settings.min_turnover_usd)


def model_weights(settings: Settings) -> Weights:
    """Return the weights of the scoring model."""
    return Weights.with_overrides(settings.weights, settings.timeframe_weights)


def cost_rules(settings: Settings) -> CostRules:
    """Return the costs that signals are charged."""
    return CostRules(
        taker_fee_percent=settings.taker_fee_percent,
        spread_percent=settings.spread_percent,
        funding_day_percent=settings.funding_day_percent,
    )


def open_history_recorder(settings: Settings) -> AbstractAsyncContextManager[HistoryRecorder | None]:
    """Open the recorder that writes the history. It is None without a history."""
    days = (settings.points_days, settings.history_days)
    return history_recorder(settings.effective_history, settings.exchanges, days=days, clock=SYSTEM_CLOCK)
