"""The pace of dashboard streams in virtual time: messages come together within the interval, and heartbeats go on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from tests.service.snapshots import T0, snapshot
from tests.unit.service.virtual_time import CacheSetup, in_virtual_time
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.service.dashboard_stream import SLACK_S, Pace
from virtuoso.service.market import MarketHandlers
from virtuoso.wire import times

Received = list[tuple[float, str, str]]  # second, event, snapshot id


@asynccontextmanager
async def watching(setup: CacheSetup, **request: Any) -> AsyncIterator[Received]:
    """Watch the dashboard. The list grows while the body runs."""
    nothing: Any = None
    handlers = MarketHandlers(setup.cache, nothing, nothing, clock=setup.clock)
    received: Received = []

    async def watch() -> None:
        async with aclosing(handlers.watch_dashboard(api.WatchDashboardRequest(**request), nothing)) as messages:
            async for raw in messages:
                message = api.WatchDashboardResponse.FromString(raw)
                kind = str(message.WhichOneof("event"))
                received.append((round(setup.clock.monotonic(), 2), kind, message.provenance.snapshot_id))

    task = asyncio.create_task(watch())
    try:
        yield received
    finally:
        task.cancel()
        await asyncio.wait({task})


async def publish_each(setup: CacheSetup, seconds: float, count: int, late_s: float = 0.0) -> None:
    """Show a snapshot each `seconds`. Every third comes `late_s` later."""
    for number in range(1, count + 1):
        late = late_s if number % 3 == 0 else 0.0
        await setup.clock.sleep(seconds + late - (late_s if number % 3 == 1 and number > 1 else 0.0))
        await setup.show(snapshot(f"n{number}", observed_ms=setup.clock.now_ms()))


@in_virtual_time
async def test_by_default_each_snapshot_of_a_collector_with_one_a_second_is_sent_at_once() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("n0"))
    async with watching(setup) as received:
        await publish_each(setup, 1.0, 30, late_s=0.2)
        await asyncio.sleep(0)
    assert [name for _, _, name in received] == [f"n{number}" for number in range(31)]
    on_time = [at for number, (at, _, _) in enumerate(received) if number % 3]
    assert all(abs(at - round(at)) < 0.01 for at in on_time), "a late snapshot makes no later one wait"


@in_virtual_time
async def test_snapshots_within_the_interval_come_together() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("n0"))
    async with watching(setup, min_interval=times.duration(5000)) as received:
        await publish_each(setup, 1.0, 20)
        await asyncio.sleep(0)
    assert [name for _, _, name in received] == ["n0", "n5", "n10", "n15", "n20"]
    assert {kind for _, kind, _ in received[1:]} == {"delta"}


@in_virtual_time
async def test_a_snapshot_that_came_too_early_is_sent_after_the_interval() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("n0"))
    async with watching(setup) as received:
        await setup.clock.sleep(0.3)
        await setup.show(snapshot("n1", observed_ms=T0 + 300))
        await setup.clock.sleep(5)
    assert received == [(0.0, "snapshot", "n0"), (1 + SLACK_S, "delta", "n1")]


@in_virtual_time
async def test_the_time_of_the_call_delays_no_message() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("n0"))
    await setup.clock.sleep(0.7)
    async with watching(setup) as received:
        await setup.clock.sleep(0.3)
        await setup.show(snapshot("one", observed_ms=setup.clock.now_ms()))
        await publish_each(setup, 1.0, 3)
        await asyncio.sleep(0)
    assert [at for at, _, _ in received] == [0.7, 1.0, 2.0, 3.0, 4.0]


@in_virtual_time
async def test_a_heartbeat_within_a_long_interval_has_the_age_of_what_was_sent() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("n0"))
    await setup.cache.start()
    async with watching(setup, min_interval=times.duration(60_000)) as received:
        await publish_each(setup, 1.0, 65)
    await setup.cache.close()
    kinds = [(kind, name) for _, kind, name in received]
    assert kinds[0] == ("snapshot", "n0")
    assert set(kinds[1:-1]) == {("heartbeat", "n0")}
    assert kinds[-1] == ("delta", "n60")
    assert max(b - a for (a, _, _), (b, _, _) in itertools.pairwise(received)) <= 11


@in_virtual_time
async def test_a_change_of_the_path_is_sent_at_once() -> None:
    setup = CacheSetup(primary_venue="bybit")
    await setup.show(snapshot("n0"))
    async with watching(setup, min_interval=times.duration(60_000)) as received:
        await setup.clock.sleep(2)
        await setup.show(snapshot("n1", observed_ms=setup.clock.now_ms(), venue="binance"))
        await asyncio.sleep(0.01)
    assert [(kind, name) for _, kind, name in received] == [("snapshot", "n0"), ("delta", "n1")]


@pytest.mark.parametrize("interval_s", [1.0, 5.0, 60.0])
def test_a_pace_keeps_the_interval_on_average(interval_s: float) -> None:
    pace, sent = Pace(interval_s), []
    for step in range(int(100 * interval_s / 0.07)):
        now = step * 0.07
        if pace.wait_s(now, now) <= 0:
            pace.sent(now)
            sent.append(now)
    assert min(b - a for a, b in itertools.pairwise(sent)) >= interval_s - 2 * SLACK_S
    assert len(sent) <= 101
