"""What desks are given of the past, and what a pass may add to it."""

from __future__ import annotations

import asyncio

from tests.bulls import Bulls
from tests.contract.histories import signal
from tests.unit.wire.test_snapshots import snapshot
from virtuoso.collector.engine import Engine
from virtuoso.collector.publisher import Publisher
from virtuoso.collector.venue_state import PassResult
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.model import Environment
from virtuoso.domain.records import Side
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed, MarketData, UniverseRules
from virtuoso.repository.memory import MemoryRepository
from virtuoso.wire import snapshots

VENUES = ("bybit", "binance")


async def left_behind(**changes: object) -> MemoryRepository:
    """A repository with a last snapshot."""
    repository, last = MemoryRepository(), snapshot(**changes)
    await Publisher(repository, max_stale_s=600).publish(last, snapshots.encode_snapshot(last))
    return repository


async def recalled(repository: MemoryRepository, environment: Environment) -> Engine:
    floor = Engine(VENUES, environment, clock=SYSTEM_CLOCK)
    await floor.recall(repository)
    assert floor.recalled
    floor.take_up()
    return floor


async def test_the_last_snapshot_gives_its_venue_the_regime_and_what_was_active() -> None:
    given = signal(environment=Environment.REPLAY)
    floor = await recalled(await left_behind(signals=(given,)), Environment.REPLAY)
    assert floor.desk("bybit").active == (given,)
    assert floor.desk("bybit").followed == {given.symbol}
    assert floor.desk("bybit").regime == snapshot().overview.regime
    assert floor.desk("binance").active == ()
    assert floor.desk("binance").regime is None


async def test_a_snapshot_of_another_kind_of_market_or_one_that_cannot_be_read_gives_nothing() -> None:
    repository = await left_behind(signals=(signal(environment=Environment.REPLAY),))
    floor = await recalled(repository, Environment.LIVE)
    assert floor.desk("bybit").active == ()
    assert floor.desk("bybit").regime is None
    await repository.set("virtuoso:v1:head", b"\xff\xff", ttl_s=60)
    floor = await recalled(repository, Environment.REPLAY)
    assert floor.desk("bybit").active == ()


async def market() -> MarketData:
    """One that calls for a rise of everything."""
    feed = Feed(Bulls(), UniverseRules(), lambda _, __: Cadence(0.2, 0.2, 0.2), SYSTEM_CLOCK)
    await feed.refresh_tickers()
    feed.start()
    async with asyncio.timeout(10):
        while not feed.filled or not all(item.previous_book for item in feed.inputs()):
            await asyncio.sleep(0.02)
    await feed.refresh_tickers()
    await feed.stop()
    return feed.market()


async def test_only_a_pass_that_trades_gives_signals_and_the_same_market_gives_the_same_again() -> None:
    found, floor = await market(), Engine(VENUES, Environment.SIMULATED, clock=SYSTEM_CLOCK)

    def done(*, trading: bool) -> PassResult:
        return floor.work(floor.desk("bybit"), found, None, trading=trading)

    look = done(trading=False)
    assert (look.signals, look.alerts, look.points, look.found) == ((), (), (), ())
    assert floor.settle("bybit", look).active == ()
    assert floor.desk("bybit").regime == look.overview.regime
    first, again = done(trading=True), done(trading=True)
    assert first.signals == again.signals
    assert [s.side for s in first.signals] == [Side.LONG] * 3
    assert first.alerts == again.alerts
    assert len(first.points) == 3
    active = floor.settle("bybit", first).active
    assert {s.id for s in active} == {s.id for s in first.signals}
    assert floor.settle("bybit", look).active == active  # another look takes nothing away
    assert not done(trading=True).signals
    assert floor.desk("binance").active == ()
