"""The writer's loop in one process: it publishes, it gives the work back, and it never goes on half dead."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.fakes import FakeExchange
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.lease import Lease
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import VenueUnavailable
from virtuoso.domain.model import Dominance, Environment
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed, UniverseRules
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.service.admission import read_snapshot
from virtuoso.wire import snapshots


class Gecko(CoinGecko):
    """CoinGecko without a network: it fails as told."""

    def __init__(self, error: Exception) -> None:
        super().__init__("http://127.0.0.1:9")
        self._error = error

    async def dominance(self) -> Dominance:
        raise self._error


def collector(repository: MemoryRepository, error: Exception, owner: str = "a") -> Collector:
    exchange = FakeExchange("BTCUSDT", "ETHUSDT")
    feed = Feed(exchange, UniverseRules(), lambda _, __: Cadence(0.2, 0.2, 0.2), SYSTEM_CLOCK)
    return Collector(
        {"bybit": feed},
        Failover(["bybit"], dwell_s=1, clock=SYSTEM_CLOCK),
        repository,
        Gecko(error),
        Engine(["bybit"], Environment.SIMULATED, clock=SYSTEM_CLOCK),
        lease=Lease(repository, owner, SYSTEM_CLOCK),
        max_stale_s=600,
        clock=SYSTEM_CLOCK,
    )


async def test_it_publishes_what_a_server_admits_and_gives_the_work_back_when_it_is_ended() -> None:
    repository = MemoryRepository()
    work = asyncio.create_task(collector(repository, VenueUnavailable("no network")).run())
    async with asyncio.timeout(20):
        while (head := await repository.get(keys.HEAD)) is None:
            await asyncio.sleep(0.05)
    blob = await repository.get(keys.snapshot(snapshots.decode_head(head)[0]))
    assert blob is not None
    admitted = read_snapshot(blob)
    assert {row.symbol for row in admitted.rows} == {"BTCUSDT", "ETHUSDT"}
    assert admitted.provenance.coverage.present == 2
    assert await repository.get(keys.candles("bybit", "BTCUSDT", "5m")) is not None
    assert not await repository.lease(keys.lease(), "b", ttl_s=5)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    async with asyncio.timeout(2):  # sooner than the lease runs out by itself
        while not await repository.lease(keys.lease(), "b", ttl_s=5):
            await asyncio.sleep(0.005)


async def test_should_a_part_of_it_die_it_ends_rather_than_going_on_without_that_part() -> None:
    repository = MemoryRepository()
    async with asyncio.timeout(20):
        with pytest.raises(ExceptionGroup) as ended:
            await collector(repository, RuntimeError("a mistake of ours")).run()
    assert "a mistake of ours" in str(ended.value.exceptions)
