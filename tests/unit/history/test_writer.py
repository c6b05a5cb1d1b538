"""The records of a collector reach the history, even after an outage. The tests use real files."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.clocks import SettableClock
from tests.contract.histories import MINUTE, T0, alert, opportunity, point, signal
from virtuoso.domain.records import AlertKind, SignalStatus
from virtuoso.history.background_writer import BackgroundWriter
from virtuoso.history.factory import open_history_writer
from virtuoso.history.sql_writer import SqlHistoryWriter

DAY = 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
async def history(path: Path) -> AsyncIterator[SqlHistoryWriter]:
    first = open_history_writer(f"sqlite://{path}", timeout_s=20)  # creates the schema
    await first.newest_cursor()
    await first.close()
    opened = open_history_writer(f"sqlite://{path}")
    yield opened
    await opened.close()


Start = Callable[..., BackgroundWriter]


@pytest.fixture
async def start(history: SqlHistoryWriter) -> AsyncIterator[Start]:
    """Return a factory of writers that run until the end of the test."""
    running: list[asyncio.Task[None]] = []

    def make(**given: Any) -> BackgroundWriter:
        options: dict[str, Any] = {
            "cooldown_s": {AlertKind.PRICE_MOVE: 60.0},
            "clock": SettableClock(T0),
            "interval_s": 0.05,
        }
        writer = BackgroundWriter(history, **{**options, **given})
        running.append(asyncio.create_task(writer.run()))
        return writer

    yield make
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Wait until the condition is true."""
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        await asyncio.sleep(0.02)


async def minutes(history: SqlHistoryWriter) -> list[float]:
    found = await history.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1)
    return [each.price - 100 for each in found]


def nothing_waits(writer: BackgroundWriter) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return not any(writer.status().waiting.values())

    return condition


async def test_records_are_written_with_one_point_per_symbol_and_minute(history: SqlHistoryWriter, start: Start) -> None:
    writer = start()
    for second in range(0, 300, 10):
        moment = T0 - T0 % MINUTE + second * 1000
        writer.record([point(observed_ms=moment), point(symbol="ETHUSDT", observed_ms=moment)])
    writer.record(signals=[signal()], opportunities=[opportunity()], alerts=[alert()])
    await eventually(nothing_waits(writer))
    assert len(await minutes(history)) == 5
    assert len(await history.signals()) == len(await history.opportunities()) == len(await history.alerts()) == 1
    assert writer.status().ok


async def test_alerts_are_written_immediately_after_the_records_that_they_refer_to(
    history: SqlHistoryWriter, start: Start
) -> None:
    writer = start(interval_s=3600)
    await asyncio.sleep(0)
    writer.record(signals=[signal()], alerts=[alert(reference=signal().id)])

    async def has_alert() -> bool:
        return bool(await history.newest_cursor())

    await eventually(has_alert)
    [found] = await history.alerts()
    assert [each.id for each in await history.signals()] == [found.reference]


async def test_all_records_of_an_outage_are_written_exactly_once_after_it(
    path: Path, history: SqlHistoryWriter, start: Start
) -> None:
    writer = start()
    writer.record([point()], [signal()])
    await eventually(nothing_waits(writer))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # blocks every other writer
        closed = replace(signal(), status=SignalStatus.STOPPED, judged_ms=T0 + MINUTE, closed_ms=T0, result_r=-1.0)
        for minute in range(1, 30):
            writer.record([point(minute)], alerts=[alert(f"key-{minute}")])
        writer.record(signals=[replace(signal(), judged_ms=T0 + 1)])
        writer.record(signals=[closed])

        async def down() -> bool:
            return not writer.status().ok

        await eventually(down)
        status = writer.status()
        assert "locked" in status.reason
        assert status.waiting == {"points": 29, "signals": 1, "opportunities": 0, "alerts": 29}
    await eventually(nothing_waits(writer))
    assert writer.status().ok
    assert await minutes(history) == list(range(30))
    assert list(await history.signals()) == [closed]
    assert [each.key for each in await history.alerts(after=0)] == [f"key-{minute}" for minute in range(1, 30)]
    assert not any(writer.status().dropped.values())


async def test_a_record_that_changes_while_it_is_written_is_written_again(history: SqlHistoryWriter) -> None:
    writer = BackgroundWriter(history, cooldown_s={}, clock=SettableClock(T0))
    writer.record(signals=[signal()])
    writing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)  # the first state is being written
    newer = replace(signal(), judged_ms=T0 + MINUTE, targets_hit=1)
    writer.record(signals=[newer])
    await writing
    await writer.close()
    assert list(await history.signals()) == [newer]


async def test_a_long_outage_drops_and_counts_the_oldest_points_and_nothing_else(
    history: SqlHistoryWriter,
) -> None:
    writer = BackgroundWriter(history, cooldown_s={}, clock=SettableClock(T0), max_points=10)
    for minute in range(25):
        writer.record([point(minute)], [signal(minute)], [opportunity(minute)], [alert(f"key-{minute}")])
    status = writer.status()
    assert status.waiting == {"points": 10, "signals": 25, "opportunities": 25, "alerts": 25}
    assert status.dropped == {"points": 15, "signals": 0, "opportunities": 0, "alerts": 0}
    await writer.close()
    assert await minutes(history) == list(range(15, 25))
    assert len(await history.alerts()) == 25


async def test_a_record_that_the_history_refuses_does_not_block_the_others(history: SqlHistoryWriter, start: Start) -> None:
    writer = start()
    broken = replace(signal(7), targets=None)  # type: ignore[arg-type]
    too_large = alert("far", 0, observed_ms=2**70)
    writer.record([point()], [signal(1), broken, signal(2)], [opportunity()], [alert("a"), too_large, alert("b")])
    await eventually(nothing_waits(writer))
    assert [each.id for each in await history.signals()] == ["signal-002", "signal-001"]
    assert [each.key for each in await history.alerts(after=0)] == ["a", "b"]
    assert len(await history.opportunities()) == len(await minutes(history)) == 1
    assert writer.status().dropped == {"points": 0, "signals": 1, "opportunities": 0, "alerts": 1}
    assert writer.status().ok


async def test_closing_writes_the_queued_records(history: SqlHistoryWriter) -> None:
    writer = BackgroundWriter(history, cooldown_s={}, clock=SettableClock(T0))
    writer.record([point()], alerts=[alert()])
    await writer.close()
    assert await minutes(history) == [0]
    assert len(await history.alerts()) == 1


async def test_records_that_are_too_old_by_the_markets_own_time_are_deleted(history: SqlHistoryWriter) -> None:
    writer = BackgroundWriter(history, cooldown_s={}, clock=SettableClock(T0 + 400 * DAY), points_days=30, rest_days=365)
    await history.write([point(-31 * 1440), point(-29 * 1440)], opportunities=[opportunity(-366 * 1440), opportunity(0)])
    await writer.delete_old()
    assert len(await minutes(history)) == 2, "the market's time is not known before the first record"
    writer.record([point()])
    await writer.close()
    await writer.delete_old()
    assert await minutes(history) == [-29 * 1440, 0]
    assert len(await history.opportunities()) == 1


async def test_a_time_far_in_the_future_does_not_empty_the_history(history: SqlHistoryWriter) -> None:
    writer = BackgroundWriter(history, cooldown_s={}, clock=SettableClock(T0), points_days=30)
    writer.record([point()])
    writer.record([point(symbol="ETHUSDT", observed_ms=T0 + 4000 * DAY)])
    await writer.close()
    await writer.delete_old()
    assert await minutes(history) == [0]


async def test_records_in_the_future_of_both_clocks_are_deleted(history: SqlHistoryWriter) -> None:
    writer = BackgroundWriter(history, cooldown_s={}, clock=SettableClock(T0))
    await history.write([point(4), point(31 * 60)], opportunities=[opportunity(31 * 60)])
    writer.record([point(3)])
    await writer.close()
    await writer.delete_old()
    assert await minutes(history) == [3, 4]
    assert not await history.opportunities()
