"""Passes over the market of a venue that is answered in this process at virtual time.

Feed, adapter and passes are those of the collector. Order books and trades are requested every few seconds, as on a venue
that does not stream.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from tests.clocks import VirtualClock, VirtualTimeLoop
from tools.market_days.sources import Answer, LocalExchange
from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.model import Confluence, Environment
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.universe import UniverseRules

VENUE = "bybit"
Observe = Callable[[MarketData, Mapping[str, Confluence]], None]


def run(answer: Answer, start: datetime, observe: Observe, *, minutes: int, symbols: int, step_s: int) -> None:
    """Make a pass every `step_s` seconds for some minutes, and let `observe` see each of them."""
    random.seed(0)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(_run(answer, round(start.timestamp() * 1000), observe, minutes=minutes, symbols=symbols, step_s=step_s))


async def _run(answer: Answer, start_ms: int, observe: Observe, *, minutes: int, symbols: int, step_s: int) -> None:
    logging.getLogger("virtuoso").setLevel(logging.ERROR)
    clock = VirtualClock(start_ms)
    exchange = LocalExchange(VENUE, answer, clock)
    cadence = Cadence(step_s, step_s, max(60, step_s))
    feed = Feed(exchange, UniverseRules(limit=symbols), lambda *_: cadence, clock)
    state = new_venue_state(VENUE, Environment.REPLAY)
    await feed.refresh_tickers()
    feed.start()
    try:
        for number in _counted(minutes * 60 // step_s):
            await clock.sleep(start_ms / 1000 + (number + 1) * step_s - clock.now_ms() / 1000)
            await feed.refresh_tickers()
            market = feed.market()
            result = run_pass(state, market, PassRequest(), find_opportunities=False)
            state = next_state(state, result)
            observe(market, result.confluences)
    finally:
        await feed.stop()
        await exchange.close()


def _counted(count: int) -> Iterator[int]:
    for number in range(count):
        if sys.stderr.isatty():
            print(f"\r{number * 100 // count} %", end="", file=sys.stderr)
        yield number
