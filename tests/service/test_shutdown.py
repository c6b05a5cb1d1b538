"""Shutdown of a server, and its start on a port that is in use."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, TTL_S, candle_series, snapshot
from tests.service.test_errors import Slow
from virtuoso.domain.errors import ConfigError
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import market_service_pb2_grpc
from virtuoso.repository import keys
from virtuoso.service.server import MarketServer


async def test_health_changes_first_then_streams_end_and_calls_in_flight_finish() -> None:
    async with running_server(wrap=Slow) as one:
        await one.show(snapshot())
        await one.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=TTL_S)
        health = health_pb2_grpc.HealthStub(one.channel)
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stream = one.stub.WatchDashboard(api.WatchDashboardRequest())
        await stream.read()
        under_way = asyncio.ensure_future(one.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT")))
        while not one.source.reads:
            await asyncio.sleep(0)

        draining = asyncio.create_task(one.server.drain(10))
        ended = await refusal(stream.read())
        assert (ended.code.name, ended.reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
        await health.List(health_pb2.HealthListRequest())  # it refreshes every status
        for name in ("", "virtuoso.market.v1.MarketService", "readiness", "confluence"):
            reply = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert reply.status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        late = await refusal(one.stub.GetDashboard(api.GetDashboardRequest()))
        assert (late.code.name, late.reason) == ("UNAVAILABLE", "SHUTTING_DOWN")

        assert not under_way.done()
        one.source.open.set()
        assert len((await under_way).candles) == 300
        async with asyncio.timeout(5):  # half of the grace period, because an open Watch must not delay the end
            await draining


async def test_a_stalled_reader_does_not_delay_the_shutdown(server: RunningServer) -> None:
    options = [("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(server.address, options=options) as slow_channel:
        await server.show(snapshot("n0", size=500, details=False))
        stalled = market_service_pb2_grpc.MarketServiceStub(slow_channel).WatchDashboard(api.WatchDashboardRequest())
        await stalled.read()
        for step in range(1, 12):
            await server.show(snapshot(f"n{step}", observed_ms=T0 + step * 1000, size=500, details=False))
        async with asyncio.timeout(5):
            await server.server.drain(30)


async def test_the_error_for_a_port_in_use_has_a_remedy(server: RunningServer) -> None:
    second = MarketServer(server.address, server.cache, server.server._readers)
    with pytest.raises(ConfigError) as caught:
        await second.start()
    for word in ("GRPC_ADDRESS", server.address, "VIRTUOSO_GRPC_ADDRESS"):
        assert word in str(caught.value)
