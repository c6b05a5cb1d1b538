"""GetMarketSeries: the series of one market, through a real server and real stubs."""

from __future__ import annotations

from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import TTL_S, market_series, snapshot
from virtuoso.market.v1 import market_series_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.store.v1 import market_series_pb2 as stored_pb2

FUNDING = market_series_pb2.SERIES_KIND_FUNDING_RATE
BTC = api.GetMarketSeriesRequest(symbol="BTCUSDT")


async def store(server: RunningServer, message: stored_pb2.MarketSeriesSet) -> None:
    await server.show(snapshot())
    await server.repository.set(keys.series("bybit", "BTCUSDT"), message.SerializeToString(), ttl_s=TTL_S)


async def test_the_series_come_with_their_times_or_the_reason_why_they_are_missing(server: RunningServer) -> None:
    message = market_series()
    await store(server, message)
    server.after(170)
    reply = await server.stub.GetMarketSeries(BTC)
    assert (reply.symbol, list(reply.series)) == ("BTCUSDT", list(message.series))
    assert reply.provenance.observed_time == message.observed_time
    assert not reply.provenance.stale
    some = await server.stub.GetMarketSeries(api.GetMarketSeriesRequest(symbol="BTCUSDT", kinds=[FUNDING]))
    assert list(some.series) == [message.series[0]]
    server.after(60)
    assert (await server.stub.GetMarketSeries(BTC)).provenance.stale
    server.after(600)
    await server.show(snapshot("new", observed_ms=server.clock.now_ms() - 1000))
    assert (await refusal(server.stub.GetMarketSeries(BTC))).reason == "DATA_UNAVAILABLE"


async def test_series_of_another_origin_and_numbers_that_are_none_are_not_served(server: RunningServer) -> None:
    broken = market_series()
    broken.series[0].points[0].value = float("nan")
    await store(server, broken)
    reply = await server.stub.GetMarketSeries(BTC)
    assert FUNDING not in [series.kind for series in reply.series]
    assert len(reply.series) == len(broken.series) - 1
    await store(server, market_series(venue="binance"))
    assert (await refusal(server.stub.GetMarketSeries(BTC))).reason == "DATA_UNAVAILABLE"
    refused = await refusal(server.stub.GetMarketSeries(api.GetMarketSeriesRequest(symbol="UNTRACKEDUSDT")))
    assert refused.reason == "SYMBOL_NOT_TRACKED"
