"""Each error gives its reason as text and for machines, and contains no internal details."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, TTL_S, candle_series, snapshot
from virtuoso.domain import errors
from virtuoso.domain.errors import RepositoryError
from virtuoso.market.v1 import error_reason_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service import deadline
from virtuoso.service.errors import TABLE, UNKNOWN
from virtuoso.service.rpc import ConcurrencyLimits


class Slow:
    """A repository that returns candles once `open` is set."""

    def __init__(self, inner: TieredRepository) -> None:
        self.inner, self.open, self.reads = inner, asyncio.Event(), 0

    async def get(self, key: str) -> bytes | None:
        if ":candles:" in key:
            self.reads += 1
            await self.open.wait()
        return await self.inner.get(key)

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        return await self.inner.get_all(key)


class Broken(Slow):
    """A repository with a fault in our code."""

    async def get(self, key: str) -> bytes | None:
        if ":candles:" in key:
            raise KeyError("secret internal detail")
        return await self.inner.get(key)


def test_every_request_error_is_in_the_table_and_every_reason_in_the_contract() -> None:
    def subclasses(kind: type[BaseException]) -> set[type[BaseException]]:
        below = kind.__subclasses__()
        return set().union(*map(subclasses, below)) if below else {kind}

    assert subclasses(errors.RequestError) <= set(TABLE)
    of_the_edge = {"NO_SERVER", "RATE_LIMITED", "TOO_LARGE"}
    reasons = {row.reason for row in TABLE.values()} | {UNKNOWN.reason, "UNSPECIFIED"} | of_the_edge
    assert {f"ERROR_REASON_{reason}" for reason in reasons} == set(error_reason_pb2.ErrorReason.keys())


@pytest.mark.parametrize(
    ("request_", "field", "text"),
    [
        (api.ListConfluenceScoresRequest(min_score=200), "min_score", "200.0 must be greater than or equal to 0 and less"),
        (api.ListConfluenceScoresRequest(min_score=float("nan")), "min_score", "finite"),
        (api.ListConfluenceScoresRequest(order_by="rank"), "order_by", "'rank' is not allowed; expected a field, then"),
        (api.ListConfluenceScoresRequest(symbols=["BTCUSDT", "btc"]), "symbols[1]", "'btc' is not allowed"),
        (api.ListConfluenceScoresRequest(symbols=["SYSTEM_STATUS"]), "symbols[0]", "end in USDT"),
        (api.GetConfluenceRequest(), "symbol", "'' is not allowed; expected letters and digits"),
        (api.GetConfluenceRequest(symbol="SYSTEM_STATUS"), "symbol", "'SYSTEM_STATUS' is not allowed"),
        (api.ListMoversRequest(min_turnover_usd=1000), "min_turnover_usd", "500000"),
        (api.ListCandlesRequest(symbol="BTCUSDT", timeframe=99), "timeframe", "99 is not allowed; expected TIMEFRAME_1M"),  # type: ignore[arg-type]
    ],
)
async def test_the_error_for_an_invalid_field_has_its_value_and_what_is_expected(
    server: RunningServer, request_: Any, field: str, text: str
) -> None:
    await server.show(snapshot())
    refused = await refusal(getattr(server.stub, type(request_).__name__.removesuffix("Request"))(request_))
    assert (refused.code.name, refused.reason, refused.domain) == ("INVALID_ARGUMENT", "INVALID_FIELD", "virtuoso.market")
    assert text in refused.violations[field]


async def test_a_flood_of_violations_leaves_the_details_readable(server: RunningServer) -> None:
    await server.show(snapshot())
    request = api.ListConfluenceScoresRequest(symbols=["龙" * 100 + str(i) for i in range(500)])
    refused = await refusal(server.stub.ListConfluenceScores(request))
    assert refused.reason == "INVALID_FIELD"
    assert refused.violations
    assert sum(len(str(key)) + len(value) for key, value in refused.trailers.items()) < 6000


@pytest.mark.parametrize(
    ("symbols", "fields"),
    [
        (["BTCUSDT", "btc", *["ETHUSDT"] * 200, "eth", "sol"], {"symbols[1]"}),
        ([*["BTCUSDT"] * 400, "a", "b", "c", "d"], {"symbols[400]", "symbols[401]", "symbols[402]"}),
    ],
)
async def test_the_first_violations_have_their_positions_and_say_that_there_may_be_more(
    server: RunningServer, symbols: list[str], fields: set[str]
) -> None:
    await server.show(snapshot())
    refused = await refusal(server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(symbols=symbols)))
    assert refused.violations.keys() == fields
    assert refused.message.startswith("there may be more than these: symbols[")


@pytest.mark.parametrize(
    ("request_", "field", "text"),
    [
        (
            api.ListConfluenceScoresRequest(symbols=["BTCUSDT"] * 501),
            "symbols",
            "501 items are too many; expected at most 500",
        ),
        (api.ListAlertsRequest(kinds=[1] * 33), "kinds", "33 items are too many; expected at most 32"),  # type: ignore[list-item]
        (api.ListMoversRequest(page_token="x" * 513), "page_token", "513 characters are too many; expected at most 512"),
        (api.GetConfluenceRequest(symbol="A" * 5000), "", "the request has 5003 bytes; expected at most 4240"),
    ],
)
async def test_sizes_and_counts_are_checked_before_the_content(
    server: RunningServer, request_: Any, field: str, text: str
) -> None:
    await server.show(snapshot())
    refused = await refusal(getattr(server.stub, type(request_).__name__.removesuffix("Request"))(request_))
    assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert refused.violations == {field: text}


async def test_bytes_that_are_not_a_request_are_an_invalid_argument(server: RunningServer) -> None:
    await server.show(snapshot())
    call = server.channel.unary_unary("/virtuoso.market.v1.MarketService/GetConfluence", None, None)
    refused = await refusal(call(b"\xff\xff\xff"))
    assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")


async def test_before_the_first_complete_snapshot_every_rpc_returns_not_ready(server: RunningServer) -> None:
    requests = [
        api.GetDashboardRequest(),
        api.GetOverviewRequest(),
        api.ListConfluenceScoresRequest(),
        api.GetConfluenceRequest(symbol="BTCUSDT"),
        api.ListMoversRequest(),
        api.ListSymbolsRequest(),
        api.ListCandlesRequest(symbol="BTCUSDT"),
    ]
    for request in requests:
        refused = await refusal(getattr(server.stub, type(request).__name__.removesuffix("Request"))(request))
        assert (refused.code.name, refused.reason) == ("UNAVAILABLE", "NOT_READY")
        assert refused.retry_s == 2
    refused = await refusal(server.stub.WatchDashboard(api.WatchDashboardRequest()).read())
    assert (refused.code.name, refused.reason) == ("UNAVAILABLE", "NOT_READY")


async def test_the_error_for_an_unexpected_exception_has_only_a_request_id(caplog: pytest.LogCaptureFixture) -> None:
    async with running_server(wrap=Broken) as one:
        await one.show(snapshot())
        refused = await refusal(one.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT")))
    assert (refused.code.name, refused.reason) == ("INTERNAL", "INTERNAL")
    request_id = refused.trailers["x-request-id"]
    assert request_id in refused.message
    assert "secret" not in repr(refused)
    assert "KeyError" not in repr(refused)
    logged = next(record for record in caplog.records if request_id in record.getMessage())
    assert logged.exc_info is not None
    assert "secret internal detail" in str(logged.exc_info[1])


async def test_a_valid_request_id_is_returned_and_an_invalid_one_is_replaced(server: RunningServer) -> None:
    await server.show(snapshot())

    async def sent_back(*metadata: tuple[str, str]) -> str:
        call = server.stub.GetDashboard(api.GetDashboardRequest(), metadata=metadata)
        await call
        return str(dict(await call.trailing_metadata())["x-request-id"])

    assert await sent_back(("x-request-id", "phone-42.A_b")) == "phone-42.A_b"
    assert await sent_back(("x-request-id", "a b <script>")) != "a b <script>"
    assert await sent_back() != await sent_back()


async def test_excess_calls_are_refused_while_health_answers() -> None:
    async with running_server(wrap=Slow, limits=ConcurrencyLimits(calls=2)) as one:
        await one.show(snapshot())
        await one.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=TTL_S)
        request = api.ListCandlesRequest(symbol="BTCUSDT")
        waiting = [asyncio.ensure_future(one.stub.ListCandles(request)) for _ in range(2)]
        while one.server._rpcs.calls.count < 2:
            await asyncio.sleep(0)
        refused = await refusal(one.stub.GetDashboard(api.GetDashboardRequest()))
        assert (refused.code.name, refused.reason, refused.retry_s) == ("RESOURCE_EXHAUSTED", "OVERLOADED", 1)
        health = await health_pb2_grpc.HealthStub(one.channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        one.source.open.set()
        for reply in await asyncio.gather(*waiting):
            assert len(reply.candles) == 300
        assert one.source.reads == 1, "concurrent callers share one read"
        await one.stub.GetDashboard(api.GetDashboardRequest())


async def test_a_cancelled_caller_does_not_cancel_the_shared_read() -> None:
    async with running_server(wrap=Slow) as one:
        await one.show(snapshot())
        await one.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=TTL_S)
        calls = [one.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT")) for _ in range(2)]
        waiting = [asyncio.ensure_future(call) for call in calls]
        while one.server._rpcs.calls.count < 2:
            await asyncio.sleep(0)
        calls[0].cancel()
        while one.server._rpcs.calls.count > 1:
            await asyncio.sleep(0)
        one.source.open.set()
        assert len((await waiting[1]).candles) == 300
        assert one.source.reads == 1
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]


async def test_streams_have_a_limit_of_their_own() -> None:
    async with running_server(limits=ConcurrencyLimits(streams=1)) as one:
        await one.show(snapshot())
        first = one.stub.WatchDashboard(api.WatchDashboardRequest())
        await first.read()
        refused = await refusal(one.stub.WatchDashboard(api.WatchDashboardRequest()).read())
        assert (refused.code.name, refused.reason, refused.retry_s) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS", 10)
        await one.stub.GetDashboard(api.GetDashboardRequest())
        first.cancel()


async def test_a_repository_that_does_not_answer_means_data_unavailable() -> None:
    async with running_server(wrap=Slow) as one:
        await one.show(snapshot())
        refused = await refusal(one.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT")))
        assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "DATA_UNAVAILABLE", 5)


async def test_a_server_returns_the_error_before_the_callers_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "RESERVED_S", 29.8)  # a busy machine may need seconds to deliver the answer
    async with running_server(wrap=Slow) as one:
        await one.show(snapshot())
        refused = await refusal(one.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT"), timeout=30))
        assert (refused.code.name, refused.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")


async def test_a_callers_deadline_always_ends_the_call() -> None:
    async with running_server(wrap=Slow) as one:
        await one.show(snapshot())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await one.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT"), timeout=0.1)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_repository_error_does_not_affect_the_dashboard() -> None:
    class Down(Slow):
        down = False

        async def get_all(self, key: str) -> list[tuple[str, bytes]]:
            if self.down:
                raise RepositoryError("memcached: connection refused")
            return await self.inner.get_all(key)

    async with running_server(wrap=Down) as one:
        await one.show(snapshot())
        one.source.down = True
        await one.poll()
        one.after(31)
        reply = await one.stub.GetDashboard(api.GetDashboardRequest())
        assert reply.provenance.snapshot_id == "s1"
        assert reply.provenance.stale
        assert reply.provenance.observed_time.ToMilliseconds() == T0
