"""A stream of alerts: no failure loses an alert or delivers one twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from tests.programs import Postgres
from tests.service.history_servers import ServerWithHistory, alert, numbered_texts, server_with_history, sqlite_url, texts
from tests.service.servers import refusal
from tests.service.snapshots import snapshot
from tests.service.test_health import check
from virtuoso.domain.model import Environment
from virtuoso.domain.records import AlertKind, AlertLevel
from virtuoso.market.v1 import alert_pb2, market_service_pb2_grpc
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.service import alert_feed


@pytest.fixture(autouse=True)
def short_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers poll ten times a second and bridge an outage of two seconds."""
    monkeypatch.setattr(alert_feed, "POLL_PERIOD_S", 0.1)
    monkeypatch.setattr(alert_feed, "MAX_OUTAGE_S", 2.0)


@pytest_asyncio.fixture
async def setup(tmp_path: Path) -> AsyncIterator[ServerWithHistory]:
    """Start a server with a snapshot and an empty history."""
    async with server_with_history(sqlite_url(tmp_path)) as one:
        await one.market.show(snapshot())
        yield one


def watch(setup: ServerWithHistory, cursor: str = "", **filters: Any) -> Any:
    """Open a stream that starts after `cursor`."""
    return setup.market.stub.WatchAlerts(api.WatchAlertsRequest(cursor=cursor, **filters))


async def until(stream: Any, count: int) -> list[api.WatchAlertsResponse]:
    """Return the messages of a stream until `count` alerts have arrived."""
    found: list[api.WatchAlertsResponse] = []
    async with asyncio.timeout(10):
        while len(texts(found)) < count:
            found.append(await stream.read())
    return found


async def test_a_stream_without_a_cursor_starts_now_and_sends_its_cursor_immediately(setup: ServerWithHistory) -> None:
    old = await setup.add_numbered_alerts(0, 3)
    stream = watch(setup)
    first = await stream.read()
    assert (list(first.alerts), first.cursor, first.provenance.snapshot_id) == ([], str(old[-1].cursor), "s1")
    stored = await setup.add_numbered_alerts(3, 2)
    (message,) = await until(stream, 2)
    assert texts([message]) == numbered_texts(3, 2)
    assert message.cursor == message.alerts[-1].cursor == str(stored[-1].cursor)
    stream.cancel()


async def test_a_stream_with_a_cursor_starts_without_a_read_of_the_history(
    setup: ServerWithHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_feed, "POLL_PERIOD_S", 3600)
    cursor = (await watch(setup).read()).cursor
    history, reads = setup.market.server._history, 0
    read = history.read

    def counted(work: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(work)

    monkeypatch.setattr(history, "read", counted)
    for later in (cursor, str(int(cursor) + 1)):
        assert (await watch(setup, later).read()).cursor == later
    assert reads == 0
    await watch(setup).read()
    assert reads == 1


async def test_an_alert_just_before_a_stream_starts_is_not_in_it(setup: ServerWithHistory) -> None:
    first = watch(setup)
    await first.read()  # the server polls from here on
    await setup.add_numbered_alerts(0, 1)
    second = watch(setup)
    assert list((await second.read()).alerts) == []
    assert texts(await until(first, 1)) == numbered_texts(0, 1)
    await setup.add_numbered_alerts(1, 1)
    assert texts(await until(second, 1)) == texts(await until(first, 1)) == numbered_texts(1, 1)
    first.cancel()
    second.cancel()


async def test_a_broken_stream_resumes_at_its_cursor(setup: ServerWithHistory) -> None:
    stream = watch(setup)
    cursor = (await stream.read()).cursor
    seen: list[str] = []
    for step in range(4):
        await setup.add_numbered_alerts(3 * step, 3)
        found = await until(stream, 3)
        seen += texts(found)
        cursor = found[-1].cursor
        stream.cancel()
        stream = watch(setup, cursor)
    stream.cancel()
    assert seen == numbered_texts(0, 12)


async def test_a_stream_resumes_on_another_server(setup: ServerWithHistory) -> None:
    stream = watch(setup)
    await stream.read()
    await setup.add_numbered_alerts(0, 2)
    (message,) = await until(stream, 2)
    stream.cancel()
    await setup.market.server.drain(0.1)
    await setup.add_numbered_alerts(2, 2)
    async with server_with_history(setup.url) as other:
        await other.market.show(snapshot())
        again = watch(other, message.cursor)
        assert texts([await again.read()]) == numbered_texts(2, 2)
        again.cancel()


async def test_a_stream_from_cursor_0_has_every_alert_in_order(setup: ServerWithHistory) -> None:
    count = 2 * alert_feed.BATCH_SIZE + 7
    await setup.add_numbered_alerts(0, count)
    stream = watch(setup, "0")
    assert texts(await until(stream, count)) == numbered_texts(0, count)
    stream.cancel()


async def test_a_slow_reader_gets_alerts_that_are_no_longer_in_memory(
    setup: ServerWithHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_feed, "MAX_RECENT", 20)
    monkeypatch.setattr(alert_feed, "BATCH_SIZE", 15)
    quick, stalled = watch(setup), watch(setup)
    await quick.read()
    await stalled.read()
    began = (await setup.add_numbered_alerts(0, 1))[0].cursor
    assert began is not None
    for step in range(5):
        await setup.add_numbered_alerts(1 + 30 * step, 30)
    assert texts(await until(quick, 151)) == texts(await until(stalled, 151)) == numbered_texts(0, 151)
    late = watch(setup, str(began - 1))
    assert texts(await until(late, 151)) == numbered_texts(0, 151)
    for stream in (quick, stalled, late):
        stream.cancel()


async def test_the_cursor_passes_alerts_that_the_filter_hides(tmp_path: Path) -> None:
    async with server_with_history(sqlite_url(tmp_path), heartbeat_s=0.3) as setup:
        await setup.market.show(snapshot())
        stream = watch(setup, kinds=[alert_pb2.ALERT_KIND_PRICE_MOVE], min_level=alert_pb2.ALERT_LEVEL_WARNING)
        await stream.read()
        await setup.add_numbered_alerts(0, 1)
        hidden = await setup.add_alerts(
            alert(1, kind=AlertKind.VOLUME_SPIKE),
            alert(2, level=AlertLevel.INFO),
            alert(3, environment=Environment.LIVE),
        )
        assert texts(await until(stream, 1)) == numbered_texts(0, 1)
        async with asyncio.timeout(10):
            while (message := await stream.read()).cursor != str(hidden[-1].cursor):
                assert not message.alerts
        assert not message.alerts
        stream.cancel()


async def test_heartbeats_are_sent_while_there_are_no_alerts(tmp_path: Path) -> None:
    async with server_with_history(sqlite_url(tmp_path), heartbeat_s=0.05) as setup:
        await setup.market.show(snapshot())
        stream = watch(setup)
        first = await stream.read()
        setup.market.clock.advance(5)
        setup.market.cache.tick()
        async with asyncio.timeout(10):
            beat = await stream.read()
        assert (list(beat.alerts), beat.cursor, beat.provenance.age.seconds) == ([], first.cursor, 5)
        stream.cancel()


@pytest.mark.parametrize("cursor", ["9999999999999999999", "9223372036854775807", "99999999999999", "-1", "abc"])
async def test_a_cursor_in_the_far_future_is_refused(setup: ServerWithHistory, cursor: str) -> None:
    refused = await refusal(watch(setup, cursor).read())
    assert (refused.code.name, refused.reason, list(refused.violations)) == ("INVALID_ARGUMENT", "INVALID_FIELD", ["cursor"])
    assert cursor in refused.violations["cursor"]


async def test_alert_streams_count_as_streams_and_end_with_the_server(setup: ServerWithHistory) -> None:
    stream = watch(setup)
    await stream.read()
    assert setup.market.server._rpcs.streams.count == 1
    draining = asyncio.create_task(setup.market.server.drain(2))
    refused = await refusal(stream.read())
    assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "SHUTTING_DOWN", 1)
    await draining


async def test_many_streams_share_one_reader(setup: ServerWithHistory) -> None:
    streams = [watch(setup) for _ in range(200)]
    await asyncio.gather(*(stream.read() for stream in streams))
    await setup.add_numbered_alerts(0, 3)
    found = await asyncio.gather(*(until(stream, 3) for stream in streams))
    assert {tuple(texts(messages)) for messages in found} == {tuple(numbered_texts(0, 3))}
    for stream in streams:
        stream.cancel()


async def test_many_reconnecting_clients_get_every_alert_once(setup: ServerWithHistory) -> None:
    rng, total = random.Random(5), 60
    origin = (await watch(setup).read()).cursor

    async def reconnecting_client(seed: int) -> list[str]:
        seen: list[str] = []
        mine, cursor = random.Random(seed), origin
        async with grpc.aio.insecure_channel(setup.market.address) as channel:
            stub: Any = market_service_pb2_grpc.MarketServiceStub(channel)
            while len(seen) < total:
                stream = stub.WatchAlerts(api.WatchAlertsRequest(cursor=cursor))
                for _ in range(mine.randint(1, 3)):
                    message = await stream.read()
                    seen += texts([message])
                    cursor = message.cursor
                    if len(seen) >= total:
                        break
                stream.cancel()
        return seen

    async def writer() -> None:
        written = 0
        while written < total:
            count = min(total - written, rng.randint(1, 5))
            await setup.add_numbered_alerts(written, count)
            written += count
            await asyncio.sleep(rng.random() / 10)

    async with asyncio.timeout(60):
        *found, _ = await asyncio.gather(*(reconnecting_client(seed) for seed in range(10)), writer())
    assert found == [numbered_texts(0, total)] * 10


async def test_streams_end_after_a_long_outage_and_no_alert_is_lost() -> None:
    server = await asyncio.to_thread(Postgres)
    try:
        async with server_with_history(server.url()) as setup:
            await setup.market.show(snapshot())
            stream = watch(setup)
            cursor = (await stream.read()).cursor
            await setup.add_numbered_alerts(0, 2)
            found = await until(stream, 2)
            cursor = found[-1].cursor
            assert await check(setup.market, "alerts") == 1

            await asyncio.to_thread(server.freeze)
            async with asyncio.timeout(10):
                refused = await refusal(drained(stream))
            assert (refused.code.name, refused.reason) == ("UNAVAILABLE", "HISTORY_UNAVAILABLE")
            assert refused.retry_s is not None
            await hidden_history(setup)

            await asyncio.to_thread(server.thaw)
            await setup.add_numbered_alerts(2, 3)
            async with asyncio.timeout(20):
                again = await resumed(setup, cursor)
            assert texts(again) == numbered_texts(2, 3)
            assert await check(setup.market, "alerts") == 1
    finally:
        await asyncio.to_thread(server.close)


async def drained(stream: Any) -> None:
    """Read a stream to its end. It must not contain an alert."""
    while True:
        assert not (await stream.read()).alerts


async def hidden_history(setup: ServerWithHistory) -> None:
    """Assert that calls that need the history fail, and that all others succeed."""
    stub = setup.market.stub
    for call in (
        stub.ListAlerts(api.ListAlertsRequest(), timeout=10),
        stub.ListSignals(api.ListSignalsRequest(), timeout=10),
        stub.GetScoreHistory(api.GetScoreHistoryRequest(symbol="BTCUSDT"), timeout=10),
    ):
        assert (await refusal(call)).reason == "HISTORY_UNAVAILABLE"
    active = await stub.ListSignals(api.ListSignalsRequest(active=True), timeout=10)
    assert list(active.signals) == list(snapshot().signals)
    assert (await stub.GetDashboard(api.GetDashboardRequest(), timeout=10)).rows
    assert [await check(setup.market, name) for name in ("alerts", "signals", "")] == [2, 1, 1]


async def resumed(setup: ServerWithHistory, cursor: str) -> list[api.WatchAlertsResponse]:
    """Return the first message after `cursor`. Repeat the call until there is one."""
    while True:
        stream = watch(setup, cursor)
        try:
            message = await stream.read()
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.2)
            continue
        stream.cancel()
        return [message]


async def test_streams_survive_a_short_outage(tmp_path: Path) -> None:
    async with server_with_history(sqlite_url(tmp_path)) as setup:
        await setup.market.show(snapshot())
        stream = watch(setup)
        await stream.read()
        file = tmp_path / "history.db"
        file.rename(tmp_path / "away.db")
        while setup.market.server._alerts.available:
            await asyncio.sleep(0.01)
        assert await check(setup.market, "alerts") == 2
        (tmp_path / "away.db").rename(file)
        await setup.add_numbered_alerts(0, 2)
        assert texts(await until(stream, 2)) == numbered_texts(0, 2)
        stream.cancel()


async def test_polling_starts_with_the_first_request_for_alerts(tmp_path: Path) -> None:
    async with server_with_history(sqlite_url(tmp_path)) as setup:
        assert await check(setup.market, "alerts") == 2  # no snapshot is served yet
        await setup.market.show(snapshot())
        assert setup.market.server.health.status("alerts") == "NOT_SERVING"
        assert await check(setup.market, "alerts") == 1
        assert setup.market.server.status("alerts") == "SERVING"
