"""See tools/days."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.clocks import VirtualClock, run_virtually
from tools.market_days.figures import Journal, Scores, report
from tools.market_days.liquidations import WatchedFeed
from tools.market_days.sources import LocalExchange, RecordedVenue, simulated
from virtuoso.analysis import score_means
from virtuoso.analysis.signal_rules import DEFAULT_RULES, SignalRules
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.lease import Lease
from virtuoso.domain.errors import VenueUnavailable
from virtuoso.domain.model import Dominance, Environment, Timeframe
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data import feed as feed_module
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules
from virtuoso.repository.memory import MemoryRepository

MAX_TRADES = 200  # of a reply of a recorded market


class NoCoinGecko(CoinGecko):
    """CoinGecko without a network."""

    async def dominance(self) -> Dominance:
        """See CoinGecko."""
        raise VenueUnavailable("no network")


async def run(options: argparse.Namespace) -> str:
    """Run a collector through the hours, and return the report."""
    start_ms = int(options.start.timestamp() * 1000)
    clock = VirtualClock(start_ms)
    venue = options.venue
    answer = (
        simulated(venue, start_ms, options.seed)
        if options.market == "simulator"
        else RecordedVenue(Path(options.market), venue, most_trades=MAX_TRADES)
    )
    exchange = LocalExchange(venue, answer, clock)
    every_s = options.every
    if not options.alerts:
        feed_module.JOB_ORDER = tuple(job for job in feed_module.JOB_ORDER if job[1] is not Timeframe.M1)
    new_feed = partial(WatchedFeed, answer) if options.alerts and isinstance(answer, RecordedVenue) else Feed
    feed = new_feed(
        exchange,
        UniverseRules(limit=options.symbols),
        lambda _, __: Cadence(every_s, options.read, options.read, 3600, 1800, 1800),
        clock,
    )
    journal, scores, repository = Journal(), Scores(), MemoryRepository(clock=clock)
    collector = Collector(
        {venue: feed},
        Failover([venue], dwell_s=60, clock=clock),
        repository,
        NoCoinGecko("http://127.0.0.1:9"),
        Engine([venue], Environment.REPLAY, signal_rules=_rules(every_s), history=journal, clock=clock),
        lease=Lease(repository, "days", clock),
        max_stale_s=600,
        clock=clock,
        observer=scores,
    )
    task = asyncio.create_task(collector.run())
    began = time.monotonic()
    for hour in range(options.hours):
        await asyncio.wait({task}, timeout=3600)
        if task.done():
            task.result()
        sys.stderr.write(f"\r{hour + 1} of {options.hours} hours, {time.monotonic() - began:.0f} s")
    sys.stderr.write("\n")
    task.cancel()
    await asyncio.wait({task})
    await exchange.close()
    return report(scores, journal, hours=options.hours, texts=options.alerts)


def _rules(every_s: float) -> SignalRules:
    """Return the rules for passes that are so far apart. A mean score counts such a pass for a second."""
    if every_s <= score_means.MAX_STEP_MS / 1000:
        return DEFAULT_RULES
    settle_ms = round(DEFAULT_RULES.settle_ms * score_means.FIRST_STEP_MS / 1000 / every_s)
    return replace(DEFAULT_RULES, settle_ms=settle_ms, max_gap_ms=round(2000 * every_s))


def main(words: Sequence[str]) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="tools/days", description=__doc__)
    parser.add_argument("market", help="simulator, or the folder of replay_exchange.py")
    parser.add_argument("--venue", default="bybit")
    parser.add_argument("--start", required=True, type=_utc, help="such as 2025-10-20T00:00, UTC")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--symbols", type=int, default=50)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two passes")
    parser.add_argument("--read", type=float, default=120.0, help="seconds between two reads of a book or of trades")
    parser.add_argument("--seed", type=int, default=0, help="of the simulator")
    parser.add_argument("--alerts", action="store_true", help="read 1m bars and liquidations, too, and print each alert")
    options = parser.parse_args(words)
    logging.basicConfig(level=logging.ERROR)
    print(run_virtually(run(options)))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


main(sys.argv[1:])
