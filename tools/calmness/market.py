"""A venue whose requests are answered in this process at virtual time, and passes over its market.

Feed, adapter and passes are those of the collector. Order books and trades are requested every few seconds, as on a venue
that does not stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
import random
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.clocks import VirtualClock, VirtualTimeLoop
from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.model import Confluence, Environment
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.universe import UniverseRules
from virtuoso.simulator import bybit
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.venue_api import ApiError

VENUE = "bybit"
Answer = Callable[[str, Mapping[str, str], int], object]  # (path, query, now_ms) -> JSON body
Observe = Callable[[MarketData, Mapping[str, Confluence]], None]


def simulated(seed: int, start_ms: int) -> Answer:
    """Return the answers of the simulated market."""
    market = SimulatedMarket(seed, now_ms=start_ms)

    def answer(path: str, query: Mapping[str, str], now_ms: int) -> object:
        try:
            return bybit.answer(market, path, query, now_ms)
        except ApiError as error:
            return error.body

    return answer


def recorded(folder: Path) -> Answer:
    """Return the answers of the recorded days in `folder`. `now_ms` is a time of the recording."""
    sys.path.insert(0, str(folder))
    module: Any = importlib.import_module("replay_exchange")
    world = module.World("2025-10-22")
    world.off = 0
    arguments = Namespace(ws_rate=0.0, ws_ping=180.0, ws_deflate=False, no_gzip=True, print_requests=False)
    server = module.Server(world, arguments)
    for name in ("trade_at", "trade_time", "exec_id"):  # successive replies repeat most trades
        setattr(server, name, cache(getattr(server, name)))

    def answer(path: str, query: Mapping[str, str], now_ms: int) -> object:
        module.UNIX = lambda: now_ms / 1000
        body: object = server.bybit(path, query)
        return body

    return answer


class _Session:
    """An HTTP session for ccxt's client that is answered by `answer`."""

    def __init__(self, answer: Answer, clock: VirtualClock) -> None:
        self.headers: Mapping[str, str] = {}
        self._answer, self._clock = answer, clock

    @contextlib.asynccontextmanager
    async def get(self, url: Any, **_: Any) -> AsyncIterator[Any]:
        """Yield the answer to a request."""
        parts = urlsplit(str(url))
        body = self._answer(parts.path, dict(parse_qsl(parts.query)), self._clock.now_ms())

        async def text(**_: Any) -> str:
            return json.dumps(body)

        yield SimpleNamespace(status=200, reason="OK", headers={}, text=text)

    async def close(self) -> None:
        """Do nothing."""


def run(answer: Answer, start: datetime, observe: Observe, *, minutes: int, symbols: int, step_s: int) -> None:
    """Make a pass every `step_s` seconds for some minutes, and let `observe` see each of them."""
    random.seed(0)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(_run(answer, round(start.timestamp() * 1000), observe, minutes=minutes, symbols=symbols, step_s=step_s))


async def _run(answer: Answer, start_ms: int, observe: Observe, *, minutes: int, symbols: int, step_s: int) -> None:
    logging.getLogger("virtuoso").setLevel(logging.ERROR)
    clock = VirtualClock(start_ms)
    exchange = CcxtExchange(VENUE, clock=clock, session=_Session(answer, clock))
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
