"""The series of the scored markets are stored one after another, and the next collector continues them. In virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.unit.collector.nodes import CLOCK, memory
from virtuoso.collector.publisher import Publisher
from virtuoso.collector.series_keeper import PERIOD_S, SeriesKeeper
from virtuoso.domain.errors import RepositoryError
from virtuoso.domain.market_series import SERIES_STEP_MS as STEP
from virtuoso.domain.model import Environment, Stamp, SymbolInputs, Trades
from virtuoso.market.v1 import market_series_pb2, provenance_pb2
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.service.admission import read_series
from virtuoso.wire.market_series import decode_received_deltas

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


def trades(symbol: str, end_ms: int) -> Trades:
    """Return all trades of the five minutes before `end_ms`: takers bought 2 in sum."""
    return Trades(
        symbol=symbol,
        ids=("1", "2"),
        time_ms=np.array((end_ms - 2000, end_ms - 1000)),
        price=np.full(2, 100.0),
        size=np.array((3.0, 1.0)),
        side=np.array((1.0, -1.0)),
        stamp=Stamp(observed_ms=end_ms, received_ms=end_ms),
        complete_since_ms=end_ms - STEP,
    )


async def run_keeper(repository: MemoryRepository, end_ms: int) -> None:
    """Run a keeper for a period, with a market of this time."""
    engine: Any = SimpleNamespace(
        environment=Environment.SIMULATED,
        market=lambda _: SimpleNamespace(
            inputs=[SymbolInputs(symbol=symbol, trades=trades(symbol, end_ms)) for symbol in SYMBOLS],
            stamp=Stamp(observed_ms=end_ms, received_ms=end_ms),
        ),
        state=lambda _: SimpleNamespace(past_liquidations={}),
    )
    feed: Any = SimpleNamespace(venue="bybit", filled=True)
    publisher = Publisher(repository, max_stale_s=600, clock=CLOCK)
    task = asyncio.create_task(SeriesKeeper(lambda: feed, engine, publisher.publish_series, repository, CLOCK).run())
    await asyncio.sleep(PERIOD_S + 1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_cannot_be_read_for_a_while_is_continued_and_not_replaced() -> None:
    class Unreadable(MemoryRepository):
        async def get(self, key: str) -> bytes | None:
            if CLOCK.monotonic() < readable_s:
                raise RepositoryError("it does not answer")
            return await super().get(key)

    readable_s, end_ms = 0.0, CLOCK.now_ms() // STEP * STEP
    repository = Unreadable(clock=CLOCK)
    await run_keeper(repository, end_ms)
    readable_s = CLOCK.monotonic() + PERIOD_S / 4
    await run_keeper(repository, end_ms + 2 * STEP)
    blob = await repository.get(keys.series("bybit", "BTCUSDT"))
    assert blob is not None
    assert decode_received_deltas(blob, Environment.SIMULATED) == {end_ms - STEP: 2.0, end_ms + STEP: 2.0}


async def test_the_series_of_each_market_are_stored_and_its_taker_deltas_continue_those_of_the_last_collector() -> None:
    repository, end_ms = memory(), CLOCK.now_ms() // STEP * STEP
    await run_keeper(repository, end_ms)
    await run_keeper(repository, end_ms + 2 * STEP)  # another collector, and five minutes were missed
    for symbol in SYMBOLS:
        blob = await repository.get(keys.series("bybit", symbol))
        assert blob is not None
        simulated = provenance_pb2.ENVIRONMENT_SIMULATED
        stored = read_series(blob, "bybit", simulated, symbol, now_ms=end_ms + 3 * STEP)
        assert [series.kind for series in stored.series] == [kind for kind in market_series_pb2.SeriesKind.values() if kind]
        deltas = decode_received_deltas(blob, Environment.SIMULATED)
        assert deltas == {end_ms - STEP: 2.0, end_ms + STEP: 2.0}
