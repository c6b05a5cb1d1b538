"""The loops of the snapshot cache in virtual time: readiness and its loss, staleness, outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.clocks import VirtualClock
from tests.service.snapshots import T0, snapshot
from tests.unit.service.virtual_time import CacheSetup, in_virtual_time
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.service.snapshot_cache import FRESH_PERIOD_S


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[CacheSetup]:
    """Run the loops of a cache."""
    setup = CacheSetup(**options)
    await setup.cache.start()
    try:
        yield setup
    finally:
        await setup.cache.close()


async def paths(setup: CacheSetup, seconds: float) -> list[tuple[float, str]]:
    """Return every change of the path in the next `seconds`, with the second at which a request first saw it."""
    changes: list[tuple[float, str]] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                if not changes or changes[-1][1] != setup.cache.path:
                    changes.append((round(setup.clock.monotonic(), 1), setup.cache.path))
                await setup.cache.next_tick()
    except TimeoutError:
        return changes


@in_virtual_time
async def test_a_server_becomes_ready_then_not_ready_past_max_stale_and_recovers() -> None:
    async with running(max_stale_s=120) as setup:
        assert await paths(setup, 10.05) == [(0.0, "NONE")]
        await setup.publish(snapshot(observed_ms=setup.clock.now_ms()))
        assert await paths(setup, 200) == [
            (10.1, "NONE"),
            (10.2, "SNAPSHOT"),
            (40.2, "STALE_SNAPSHOT"),
            (130.2, "NONE"),
        ]
        assert setup.refusal.startswith("DataUnavailable")
        await setup.publish(snapshot("s2", observed_ms=setup.clock.now_ms()))
        (_, before), (at, path) = await paths(setup, 5)
        assert (before, path) == ("NONE", "SNAPSHOT")
        assert at - 210.1 <= 1


@in_virtual_time
async def test_a_server_is_ready_only_after_the_first_complete_snapshot() -> None:
    async with running() as setup:
        incomplete = snapshot("s1", observed_ms=T0)
        for item in incomplete.confluences[20:]:
            item.ClearField("score")
        incomplete.provenance.coverage.present = sum(item.HasField("score") for item in incomplete.confluences)
        await setup.publish(incomplete)
        assert await paths(setup, 5.5) == [(0.0, "NONE")]
        assert setup.refusal.startswith("NotReady: no complete snapshot")
        await setup.publish(snapshot("s2", observed_ms=setup.clock.now_ms()))
        assert (await paths(setup, 2))[-1] == (5.5, "SNAPSHOT")


@in_virtual_time
async def test_the_head_is_polled_often_while_snapshots_arrive_and_once_a_second_after_30_s_without_one() -> None:
    async with running() as setup:
        await setup.clock.sleep(9.9)
        assert setup.source.reads.count(keys.HEAD) == 50
        await setup.publish(snapshot(observed_ms=setup.clock.now_ms()))
        await setup.clock.sleep(0.2)
        assert setup.cache.ready
        del setup.source.reads[:]
        await setup.clock.sleep(8)
        assert set(setup.source.reads) == {keys.HEAD}, "a snapshot that is in memory is not read again"
        assert len(setup.source.reads) == pytest.approx(8 / FRESH_PERIOD_S, abs=2)
        await setup.clock.sleep(25)
        del setup.source.reads[:]
        await setup.clock.sleep(10)
        assert setup.source.reads == [keys.HEAD] * 10


@in_virtual_time
async def test_the_first_poll_after_a_publication_finds_it() -> None:
    async with running() as setup:
        await setup.publish(snapshot(observed_ms=setup.clock.now_ms()))
        await setup.cache.next_tick()
        for step in range(1, 20):
            await setup.clock.sleep(0.97)
            await setup.publish(snapshot(f"n{step}", observed_ms=setup.clock.now_ms()))
            del setup.source.reads[:]
            await setup.cache.next_tick()
            if setup.served_id != f"n{step}":  # it was the tick of the second
                await setup.cache.next_tick()
            assert setup.served_id == f"n{step}"
            assert setup.source.reads == [keys.HEAD, keys.snapshot(f"n{step}")]


@in_virtual_time
async def test_a_notice_causes_a_poll_at_once() -> None:
    async with running(period_s=100) as setup:
        await setup.publish(snapshot())
        await setup.clock.sleep(50)  # by then, polls are rare
        await setup.publish(snapshot("s2", observed_ms=setup.clock.now_ms()))
        await setup.clock.sleep(1)
        assert setup.served_id == "s1"
        setup.cache.notice()
        await asyncio.sleep(0)
        await setup.cache.next_tick()
        assert setup.served_id == "s2"
        assert setup.clock.monotonic() == pytest.approx(51)


@in_virtual_time
async def test_a_head_without_its_snapshot_is_polled_once_a_second() -> None:
    async with running() as setup:
        await setup.publish(snapshot())
        await setup.clock.sleep(1)
        await setup.publish(snapshot("s2", observed_ms=setup.clock.now_ms()))
        await setup.repository.set(keys.snapshot("s2"), b"", ttl_s=60)
        del setup.source.reads[:]
        await setup.clock.sleep(10)
        assert setup.source.reads.count(keys.snapshot("s2")) == pytest.approx(10, abs=1)


@in_virtual_time
async def test_a_hanging_repository_stops_neither_ticks_nor_later_polls(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as setup:
        await setup.publish(snapshot())
        await setup.cache.next_tick()
        setup.source.hangs = True
        assert [path for _, path in await paths(setup, 45)] == ["SNAPSHOT", "STALE_SNAPSHOT"]
        assert setup.provenance.age.ToMilliseconds() >= 44_000
        assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE
        assert "no repository answered within 5 s" in caplog.text
        setup.source.hangs = False
        await setup.publish(snapshot("s2", observed_ms=setup.clock.now_ms()))
        await setup.clock.sleep(6)
        assert setup.served_id == "s2"


@in_virtual_time
async def test_a_failed_repository_is_polled_every_second_until_it_answers() -> None:
    async with running() as setup:
        await setup.publish(snapshot())
        await setup.clock.sleep(1)
        setup.source.die()
        del setup.source.reads[:]
        await setup.clock.sleep(60)
        assert len(setup.source.reads) == 60
        assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE
        setup.source.error = None
        await setup.publish(snapshot("s2", observed_ms=setup.clock.now_ms()))
        await setup.clock.sleep(1)
        assert (setup.served_id, setup.cache.path) == ("s2", "SNAPSHOT")


@in_virtual_time
async def test_an_unexpected_error_in_a_poll_does_not_end_polling(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as setup:
        setup.source.error = KeyError("ours")
        await setup.clock.sleep(1)
        assert "polling for a new snapshot failed" in caplog.text
        setup.source.error = None
        await setup.publish(snapshot(observed_ms=setup.clock.now_ms()))
        await setup.clock.sleep(1)
        assert setup.served_id == "s1"


class _UnreadableClock(VirtualClock):
    unreadable = False

    def now_ms(self) -> int:
        if self.unreadable:
            raise OSError("no clock")
        return super().now_ms()


@in_virtual_time
async def test_data_whose_age_is_unknown_is_not_served(caplog: pytest.LogCaptureFixture) -> None:
    clock = _UnreadableClock(T0)
    async with running(clock=clock) as setup:
        await setup.publish(snapshot())
        await setup.clock.sleep(1)
        assert setup.served_id == "s1"
        clock.unreadable = True
        await setup.clock.sleep(2)
        assert setup.refusal == "DataUnavailable: the age of the newest data is unknown"
        assert "is no longer served" in caplog.text
        clock.unreadable = False
        await setup.clock.sleep(2)
        assert setup.served_id == "s1"


@in_virtual_time
async def test_a_new_snapshot_wakes_waiters_before_the_next_tick_is_due() -> None:
    async with running(period_s=10) as setup:
        waiting = asyncio.create_task(setup.cache.next_tick())
        await setup.clock.sleep(0.3)
        await setup.publish(snapshot())
        await setup.clock.sleep(0.2)
        assert waiting.done()
        assert setup.served_id == "s1"


@in_virtual_time
async def test_a_closed_cache_stops_reading_and_keeps_its_last_snapshot() -> None:
    async with running() as setup:
        await setup.publish(snapshot())
        await setup.clock.sleep(1)
    del setup.source.reads[:]
    await setup.clock.sleep(60)
    assert (setup.served_id, setup.source.reads) == ("s1", [])
    await setup.cache.close()
