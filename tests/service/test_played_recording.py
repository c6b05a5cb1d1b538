"""A recording that is played: its times are those of the recording, its age counts from now, and it may start again."""

from __future__ import annotations

import pytest

from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import T0, TTL_S, candle_series, snapshot
from tests.service.test_dashboard_stream import Screen
from virtuoso import metrics
from virtuoso.market.v1 import candle_pb2, provenance_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.wire import times

DAY = 86_400_000


async def served_provenance(server: RunningServer) -> provenance_pb2.Provenance:
    reply: api.GetDashboardResponse = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert reply.rows
    return reply.provenance


async def test_a_recording_of_yesterday_has_the_age_that_its_data_had_then(server: RunningServer) -> None:
    await server.show(snapshot(observed_ms=T0 - DAY - 2000), behind_ms=DAY)
    provenance = await served_provenance(server)
    assert times.millis(provenance.observed_time) == T0 - DAY - 2000
    assert provenance.age.ToMilliseconds() == 2000
    assert provenance.path == provenance_pb2.PATH_SNAPSHOT
    assert metrics.SNAPSHOT_AGE._value.get() == pytest.approx(2.0)
    assert metrics.INPUT_AGE.labels("sentiment")._value.get() == pytest.approx(8.0)
    server.after(29)
    assert (await served_provenance(server)).stale
    server.after(600)
    assert (await refusal(server.stub.GetDashboard(api.GetDashboardRequest()))).reason == "DATA_UNAVAILABLE"


async def test_a_restarted_recording_is_served_immediately_and_streams_continue(server: RunningServer) -> None:
    first, last = snapshot("first", observed_ms=T0 - DAY), snapshot("last", observed_ms=T0 - DAY + 60_000)
    await server.show(first, behind_ms=DAY)
    stream, screen = server.stub.WatchDashboard(api.WatchDashboardRequest()), Screen()
    screen.apply(await stream.read())
    for message, passed_s, behind_ms in ((last, 60, DAY), (first, 1, DAY + 61_000), (last, 60, DAY + 61_000)):
        server.clock.advance(passed_s)
        await server.show(message, behind_ms)
        screen.apply(await stream.read())
        assert (
            (await served_provenance(server)).snapshot_id == screen.provenance.snapshot_id == message.provenance.snapshot_id
        )
        assert screen.ordered() == list((await server.stub.GetDashboard(api.GetDashboardRequest())).rows)
        assert not screen.provenance.stale
        assert screen.provenance.age.ToMilliseconds() < 1000
    assert screen.kinds == ["snapshot", "delta", "delta", "delta"]
    stream.cancel()


async def test_within_one_loop_an_older_snapshot_does_not_replace_a_newer_one(server: RunningServer) -> None:
    await server.show(snapshot("new", observed_ms=T0 - DAY), behind_ms=DAY)
    await server.show(snapshot("old", observed_ms=T0 - DAY - 2000), behind_ms=DAY)
    assert (await served_provenance(server)).snapshot_id == "new"


async def test_the_age_of_bars_of_a_recording_is_on_its_own_clock(server: RunningServer) -> None:
    behind_ms = 3 * DAY + 61_000
    await server.show(snapshot(observed_ms=T0 - behind_ms), behind_ms=behind_ms)
    key = keys.candles("bybit", "BTCUSDT", "5m")
    await server.repository.set(key, candle_series(observed_ms=T0 - behind_ms, behind_ms=behind_ms), ttl_s=TTL_S)
    request = api.ListCandlesRequest(symbol="BTCUSDT", timeframe=candle_pb2.TIMEFRAME_5M)
    reply = await server.stub.ListCandles(request)
    assert not reply.provenance.stale
    assert reply.provenance.age.ToMilliseconds() == 20_000
    assert times.millis(reply.candles[-1].open_time) < T0 - behind_ms
    await server.repository.set(key, candle_series(observed_ms=T0 - behind_ms), ttl_s=TTL_S)
    assert (await refusal(server.stub.ListCandles(request))).reason == "DATA_UNAVAILABLE"
