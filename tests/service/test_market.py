"""Each RPC, through a real server and real stubs."""

from __future__ import annotations

from typing import Any

import pytest
from grpc_reflection.v1alpha import reflection_pb2

from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, TTL_S, candle_series, confluence, row, rows_of, snapshot
from virtuoso import metrics
from virtuoso.market.v1 import candle_pb2, provenance_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.service.shown import shown
from virtuoso.store.v1 import candle_series_pb2

ORDERABLE = [
    "symbol",
    "score",
    "confidence",
    "price",
    "change_24h_percent",
    "turnover_24h_usd",
    "technical",
    "volume",
    "orderflow",
    "orderbook",
    "price_structure",
    "sentiment",
]


async def test_a_dashboard_is_the_snapshot_in_one_reply(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    reply = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert reply.overview == message.overview
    assert sorted(reply.rows, key=lambda r: r.symbol) == sorted(map(shown, rows_of(message)), key=lambda r: r.symbol)
    scores = [item.score if item.HasField("score") else -1 for item in reply.rows]
    assert scores == sorted(scores, reverse=True)
    assert reply.gainers == message.gainers[:5]
    assert reply.losers == message.losers[:5]


async def test_provenance_says_where_the_numbers_are_from_and_how_old_they_are(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    server.after(12)
    provenance = (await server.stub.GetDashboard(api.GetDashboardRequest())).provenance
    expected = message.provenance
    expected.path = provenance_pb2.PATH_SNAPSHOT
    expected.age.FromSeconds(12)
    assert provenance == expected


@pytest.mark.parametrize(("symbols", "most"), [(50, 20_000), (500, 100_000)])
async def test_a_dashboard_is_small_enough_for_a_phone(server: RunningServer, symbols: int, most: int) -> None:
    await server.show(snapshot(size=symbols))
    reply = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert len(reply.rows) == symbols
    assert reply.ByteSize() < most


async def test_the_overview_is_that_of_the_snapshot(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    reply = await server.stub.GetOverview(api.GetOverviewRequest())
    assert reply.overview == message.overview
    assert reply.provenance.snapshot_id == "s1"


async def test_an_unmeasured_overview_is_an_error_and_not_an_empty_reply(server: RunningServer) -> None:
    message = snapshot()
    message.ClearField("overview")
    await server.show(message)
    refused = await refusal(server.stub.GetOverview(api.GetOverviewRequest()))
    assert refused.reason == "DATA_UNAVAILABLE"
    assert len((await server.stub.GetDashboard(api.GetDashboardRequest())).rows) == 50


async def test_a_symbols_breakdown_has_six_dimensions_with_their_components(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    source = next(item for item in message.confluences if item.symbol == "ETHUSDT")
    reply = await server.stub.GetConfluence(api.GetConfluenceRequest(symbol="ETHUSDT"))
    assert [dimension.kind for dimension in reply.dimensions] == [1, 2, 3, 4, 5, 6]
    assert all(len(dimension.components) == 3 for dimension in reply.dimensions)
    listed = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(symbols=["ETHUSDT"]))
    assert list(listed.rows) == [item for item in rows_of(message) if item.symbol == reply.symbol]
    assert reply.provenance == listed.provenance
    reply.ClearField("provenance")
    reply.ClearField("outlook")
    assert reply == source


async def test_a_symbol_without_a_score_has_no_number_in_its_place(server: RunningServer) -> None:
    await server.settle()
    rows = [row("BTCUSDT"), row("NEWUSDT", None)]
    rows[1].ClearField("change_24h_percent")
    await server.show(snapshot(rows=rows))
    reply = await server.stub.GetConfluence(api.GetConfluenceRequest(symbol="NEWUSDT"))
    for name in ("score", "confidence", "agreement", "change_24h_percent"):
        assert not reply.HasField(name)
    assert reply.price == rows[1].price


@pytest.mark.parametrize(
    ("requested", "found"),
    [
        ("1000SHIBUSDT", "SHIB1000USDT"),
        ("PEPE1000USDT", "1000PEPEUSDT"),
        ("1INCHUSDT", "1INCHUSDT"),
        ("SHIB1000USDT", "SHIB1000USDT"),
    ],
)
async def test_another_venues_name_finds_the_same_market(server: RunningServer, requested: str, found: str) -> None:
    await server.show(snapshot())
    assert (await server.stub.GetConfluence(api.GetConfluenceRequest(symbol=requested))).symbol == found
    listed = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(symbols=[requested]))
    assert [item.symbol for item in listed.rows] == [found]


@pytest.mark.parametrize(
    ("requested", "reason"),
    [
        ("UNTRACKEDUSDT", "SYMBOL_NOT_TRACKED"),
        ("1000FLOKIUSDT", "SYMBOL_NOT_TRACKED"),
        ("NOWHEREUSDT", "SYMBOL_NOT_FOUND"),
        ("SHIBUSDT", "SYMBOL_NOT_FOUND"),
    ],
)
async def test_untracked_and_unknown_symbols_have_different_errors(
    server: RunningServer, requested: str, reason: str
) -> None:
    await server.show(snapshot())
    for call in (
        server.stub.GetConfluence(api.GetConfluenceRequest(symbol=requested)),
        server.stub.ListCandles(api.ListCandlesRequest(symbol=requested)),
    ):
        refused = await refusal(call)
        assert (refused.code.name, refused.reason) == ("NOT_FOUND", reason)
        assert requested in refused.violations["symbol"]


async def test_a_tracked_symbol_without_a_price_is_unavailable_and_not_unknown(server: RunningServer) -> None:
    await server.settle()
    message = snapshot(rows=[row("BTCUSDT"), row("ETHUSDT")])
    del message.confluences[1]
    await server.show(message)
    assert (
        await refusal(server.stub.GetConfluence(api.GetConfluenceRequest(symbol="ETHUSDT")))
    ).reason == "DATA_UNAVAILABLE"


@pytest.mark.parametrize("field", ORDERABLE)
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_missing_values_come_last_in_any_order(server: RunningServer, field: str, direction: str) -> None:
    await server.settle()
    rows = [row(name, score) for name, score in [("DUSDT", 60), ("AUSDT", 60), ("BUSDT", None), ("CUSDT", 40)]]
    rows[3].ClearField("turnover_24h_usd")
    rows[0].change_24h_percent = 5
    await server.show(snapshot(rows=rows))
    reply = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(order_by=f"{field}  {direction}"))

    def value(item: object) -> object:
        return getattr(item, field) if field in ("symbol", "price") or item.HasField(field) else None  # type: ignore[attr-defined]

    present = sorted((r for r in rows if value(r) is not None), key=lambda r: r.symbol)
    present.sort(key=value, reverse=direction == "desc")  # type: ignore[arg-type]
    missing = sorted((r for r in rows if value(r) is None), key=lambda r: r.symbol)
    assert [item.symbol for item in reply.rows] == [item.symbol for item in present + missing]


async def test_the_default_direction_is_ascending_and_the_default_order_is_score_descending(server: RunningServer) -> None:
    await server.show(snapshot(rows=[row("AUSDT", 50), row("BUSDT", 70), row("CUSDT", 30)]))

    async def listed(order_by: str) -> list[str]:
        reply = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(order_by=order_by))
        return [item.symbol[0] for item in reply.rows]

    assert await listed("score") == ["C", "A", "B"]
    assert await listed("") == ["B", "A", "C"]


async def test_min_score_leaves_out_lower_scores_and_rows_without_one(server: RunningServer) -> None:
    await server.settle()
    await server.show(snapshot(rows=[row("AUSDT", 0.0), row("BUSDT", 70), row("CUSDT", None), row("DUSDT", 69.99)]))

    async def listed(least: float) -> list[str]:
        reply = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(min_score=least))
        assert reply.total_size == len(reply.rows)
        return [item.symbol[0] for item in reply.rows]

    assert await listed(70) == ["B"]
    assert await listed(0) == ["B", "D", "A"]


async def test_movers_are_those_of_the_snapshot_above_the_floor(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    reply = await server.stub.ListMovers(api.ListMoversRequest())
    assert reply.gainers == message.gainers[:10]
    assert reply.losers == message.losers[:10]
    reply = await server.stub.ListMovers(api.ListMoversRequest(min_turnover_usd=9e6, page_size=100))
    assert list(reply.gainers) == [item for item in message.gainers if item.turnover_24h_usd >= 9e6]
    assert list(reply.losers) == [item for item in message.losers if item.turnover_24h_usd >= 9e6]
    assert not reply.next_page_token


async def test_the_universe_is_listed_by_rank(server: RunningServer) -> None:
    message = snapshot(size=120)
    await server.show(message)
    reply = await server.stub.ListSymbols(api.ListSymbolsRequest(page_size=5000))
    assert reply.symbols == message.symbols
    assert len((await server.stub.ListSymbols(api.ListSymbolsRequest())).symbols) == 100


async def test_candles_are_paged_from_newest_to_oldest(server: RunningServer) -> None:
    await server.show(snapshot())
    await server.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=25), ttl_s=TTL_S)
    opened: list[int] = []
    request = api.ListCandlesRequest(symbol="BTCUSDT", page_size=10)
    while True:
        reply = await server.stub.ListCandles(request)
        opened = [bar.open_time.seconds for bar in reply.candles] + opened
        if not reply.next_page_token:
            break
        request.page_token = reply.next_page_token
    newest = T0 // 1000 // 300 * 300 - 300
    assert opened == [newest - 300 * i for i in reversed(range(25))]
    assert (reply.symbol, reply.timeframe) == ("BTCUSDT", candle_pb2.TIMEFRAME_5M)
    assert reply.provenance.observed_time.ToMilliseconds() == T0 - 20_000
    assert reply.provenance.age.ToMilliseconds() == 20_000
    assert reply.provenance.path == provenance_pb2.PATH_SNAPSHOT


async def test_candles_without_the_last_closed_bar_are_stale_and_later_unavailable(server: RunningServer) -> None:
    await server.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=TTL_S)
    server.clock.ms = T0 // 300_000 * 300_000 + 300_000 + 31_000
    await server.show(snapshot(observed_ms=server.clock.now_ms()))
    reply = await server.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT"))
    assert reply.provenance.stale
    assert reply.provenance.path == provenance_pb2.PATH_STALE_SNAPSHOT
    server.clock.advance(600)
    await server.show(snapshot("s2", observed_ms=server.clock.now_ms()))
    refused = await refusal(server.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT")))
    assert refused.reason == "DATA_UNAVAILABLE"


async def test_missing_candles_are_unavailable_with_a_retry_time(server: RunningServer) -> None:
    await server.show(snapshot())
    refused = await refusal(server.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT")))
    assert (refused.code.name, refused.reason) == ("UNAVAILABLE", "DATA_UNAVAILABLE")
    assert refused.retry_s is not None
    assert refused.retry_s > 0


async def test_candles_of_another_symbol_are_refused(server: RunningServer) -> None:
    await server.show(snapshot())
    await server.repository.set(keys.candles("bybit", "ETHUSDT", "5m"), candle_series("BTCUSDT"), ttl_s=TTL_S)
    refused = await refusal(server.stub.ListCandles(api.ListCandlesRequest(symbol="ETHUSDT")))
    assert refused.reason == "DATA_UNAVAILABLE"


async def test_a_market_that_is_not_tracked_has_the_charts_that_are_stored(server: RunningServer) -> None:
    await server.show(snapshot())
    series = candle_series_pb2.CandleSeries.FromString(candle_series("UNTRACKEDUSDT", 12, step_s=1800))
    series.timeframe = candle_pb2.TIMEFRAME_30M
    await server.repository.set(keys.candles("bybit", "UNTRACKEDUSDT", "30m"), series.SerializeToString(), ttl_s=TTL_S)
    for timeframe, most in ((candle_pb2.TIMEFRAME_30M, 12), (candle_pb2.TIMEFRAME_1H, 6)):
        reply = await server.stub.ListCandles(api.ListCandlesRequest(symbol="UNTRACKEDUSDT", timeframe=timeframe))
        assert most - 1 <= len(reply.candles) <= most
        assert (reply.symbol, reply.timeframe) == ("UNTRACKEDUSDT", timeframe)
    refused = await refusal(server.stub.ListCandles(api.ListCandlesRequest(symbol="UNTRACKEDUSDT")))
    assert refused.reason == "SYMBOL_NOT_TRACKED"


async def test_rows_that_break_a_rule_are_dropped_and_counted(server: RunningServer) -> None:
    await server.settle()
    rows = [
        row("BTCUSDT"),
        row("SYSTEM_STATUS"),
        row("ETHUSDT", 150.0),
        row("SOLUSDT", 55, price=float("nan")),
        row("XRPUSDT"),
    ]
    rows.append(row("BTCUSDT", 12.0))
    message = snapshot(rows=rows)
    good = confluence(rows[4], T0)
    good.dimensions[2].components[0].name = "Not A Name"
    message.confluences[4].CopyFrom(good)
    before = {
        reason: metrics.INVALID_ROWS.labels(reason)._value.get()
        for reason in ("placeholder", "duplicate", "double.gte_lte", "double.gt", "string.pattern")
    }
    contaminated = metrics.CONTAMINATED_ROWS._value.get()
    await server.show(message)
    reply = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert [item.symbol for item in reply.rows] == ["BTCUSDT", "XRPUSDT"]
    assert reply.rows[0].score == 61.25
    assert reply.provenance.coverage.present == 2
    for reason, count in before.items():
        assert metrics.INVALID_ROWS.labels(reason)._value.get() > count
    assert metrics.CONTAMINATED_ROWS._value.get() > contaminated
    assert (
        await refusal(server.stub.GetConfluence(api.GetConfluenceRequest(symbol="XRPUSDT")))
    ).reason == "DATA_UNAVAILABLE"


async def test_only_the_exact_name_of_a_placeholder_is_refused(
    server: RunningServer,
) -> None:
    await server.settle()
    await server.show(snapshot(rows=[row("SYSTEM_STATUS"), row("ECOSYSTEMUSDT"), row("SYSTEMUSDT")]))
    reply = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert [item.symbol for item in reply.rows] == ["ECOSYSTEMUSDT", "SYSTEMUSDT"]
    detail = await server.stub.GetConfluence(api.GetConfluenceRequest(symbol="ECOSYSTEMUSDT"))
    assert detail.symbol == "ECOSYSTEMUSDT"
    refused = await refusal(server.stub.GetConfluence(api.GetConfluenceRequest(symbol="SYSTEM_STATUS")))
    assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")


async def test_replies_are_counted_by_their_path(server: RunningServer) -> None:
    await server.show(snapshot())
    fresh = metrics.REPLIES.labels("GetOverview", "SNAPSHOT", "OK")
    before = fresh._value.get()
    await server.stub.GetOverview(api.GetOverviewRequest())
    assert fresh._value.get() == before + 1


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
@pytest.mark.parametrize("reflect", [True, False])
async def test_reflection_has_both_versions_and_can_be_disabled(reflect: bool, version: str) -> None:
    async with running_server(reflect=reflect) as one:
        method: Any = one.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        call = method()
        if reflect:
            await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
            reply = await call.read()
            names = {service.name for service in reply.list_services_response.service}
            assert "virtuoso.market.v1.MarketService" in names
            await call.done_writing()
        else:
            assert (await call.code()).name == "UNIMPLEMENTED"
