"""Measure the CPU time of scoring.

`python -m tools.benchmarks.refresh URL SYMBOLS` reads a market as a collector does. It prints the CPU milliseconds per
symbol as JSON. It runs in a separate process because it imports numpy and ccxt."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from virtuoso.analysis.beta import betas
from virtuoso.collector.one_pass import PassRequest, PassResult, run_pass, snapshot_of
from virtuoso.collector.scoring import ReadingsCaches, score_market
from virtuoso.collector.venue_state import VenueState, new_venue_state
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.model import ANCHOR, Environment
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.universe import UniverseRules
from virtuoso.wire import snapshots

REPEATS = 25
FILL_TIMEOUT_S = 60.0
BETA_SYMBOLS = 500


async def read(url: str, symbols: int) -> MarketData:
    """Return all inputs of the largest symbols. Raise TimeoutError if they do not arrive."""
    exchange = CcxtExchange("bybit", url=url)
    feed = Feed(exchange, UniverseRules(limit=symbols), lambda _, __: Cadence(3, 3, 5), SYSTEM_CLOCK)
    try:
        await feed.refresh_tickers()
        feed.start()
        async with asyncio.timeout(FILL_TIMEOUT_S):
            while not (feed.filled and all(item.book_flow for item in feed.market().inputs)):  # noqa: ASYNC110  # the feed has no event to wait for
                await asyncio.sleep(0.1)
        return feed.market()
    finally:
        await feed.stop()
        await exchange.close()


def cpu_ms(work: Callable[[], object]) -> Sequence[float]:
    """Return the CPU milliseconds of this thread for each repetition of `work`, in ascending order."""
    spent = []
    for _ in range(REPEATS):
        began = time.thread_time()
        work()
        spent.append((time.thread_time() - began) * 1000)
    return sorted(spent)


def measure(market: MarketData) -> dict[str, object]:
    """Return the CPU time of a pass per symbol, and the CPU time of the betas of BETA_SYMBOLS symbols."""
    inputs, caches = market.inputs, ReadingsCaches()

    def scoring(caches: ReadingsCaches) -> object:
        return score_market(market, dominance=None, previous=None, readings=caches)

    def whole_pass(state: VenueState) -> PassResult:
        return run_pass(state, market, PassRequest(trading=True))

    first = whole_pass(new_venue_state(market.venue, Environment.SIMULATED))
    snapshot = snapshot_of(
        market, first, snapshot_id="bench", environment=Environment.SIMULATED, computed_ms=0, fallback=None
    )
    many = {f"{i}{item.symbol}": item.candles for i in range(-(-BETA_SYMBOLS // len(inputs))) for item in inputs}
    many = dict(list(many.items())[: BETA_SYMBOLS - 1]) | {ANCHOR: market.anchor_candles}
    scoring(caches)
    results: dict[str, object] = {"symbols": len(inputs), "scored": snapshot.scored, "repeats": REPEATS}
    for name, task in (
        ("full", lambda: scoring(ReadingsCaches())),
        ("no_bar_closed", lambda: scoring(caches)),
        ("whole_pass", lambda: whole_pass(first.state)),
        ("encode", lambda: snapshots.encode_snapshot(snapshot)),
        ("betas", lambda: betas(many, market.stamp.observed_ms)),
    ):
        spent = [one / len(inputs) if name != "betas" else one for one in cpu_ms(task)]
        results[name] = {"median_ms": statistics.median(spent), "least_ms": spent[0], "most_ms": spent[-1]}
    return results


if __name__ == "__main__":
    print(json.dumps(measure(asyncio.run(read(sys.argv[1], int(sys.argv[2]))))))
