"""The edge with a real Envoy, and the replies that browsers, phones, scripts and gRPC clients get."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from google.protobuf import json_format
from google.rpc import error_details_pb2

from tests.interop.edges import PROTOCOLS, RunningEdge, details, running_edge
from tests.service.history_servers import fill_history, history_opener, numbered_texts, sqlite_url, texts
from tests.service.servers import RunningServer, store_everything
from tests.service.snapshots import TTL_S, candle_series, snapshot
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys

pytestmark = pytest.mark.asyncio(loop_scope="module")
ORIGIN = {"Origin": "https://app.example"}
BTC = {"symbol": "BTCUSDT"}
PATHS: dict[str, tuple[str, dict[str, Any]]] = {
    "/v1/dashboard": ("GetDashboard", {}),
    "/v1/overview": ("GetOverview", {}),
    "/v1/confluence": ("ListConfluenceScores", {}),
    "/v1/confluence?order_by=turnover_24h_usd+desc&min_score=40&pageSize=7&symbols=BTCUSDT&symbols=ETHUSDT": (
        "ListConfluenceScores",
        {"order_by": "turnover_24h_usd desc", "min_score": 40, "page_size": 7, "symbols": ["BTCUSDT", "ETHUSDT"]},
    ),
    "/v1/confluence/BTCUSDT": ("GetConfluence", BTC),
    "/v1/movers?min_turnover_usd=2500000&page_size=3": ("ListMovers", {"min_turnover_usd": 2_500_000, "page_size": 3}),
    "/v1/symbols?page_size=5": ("ListSymbols", {"page_size": 5}),
    "/v1/markets?order_by=price+desc&page_size=3": ("ListMarkets", {"order_by": "price desc", "page_size": 3}),
    "/v1/outlook?page_size=3": ("ListOutlooks", {"page_size": 3}),
    "/v1/outlook/BTCUSDT": ("GetOutlook", BTC),
    "/v1/outlook:record": ("GetOutlookRecord", {}),
    "/v1/symbols/BTCUSDT/candles?timeframe=TIMEFRAME_5M&page_size=20": (
        "ListCandles",
        {**BTC, "timeframe": "TIMEFRAME_5M", "page_size": 20},
    ),
    "/v1/symbols/BTCUSDT/series?kinds=SERIES_KIND_OPEN_INTEREST": (
        "GetMarketSeries",
        {**BTC, "kinds": ["SERIES_KIND_OPEN_INTEREST"]},
    ),
    "/v1/sentiment": ("GetSentiment", {}),
    "/v1/betas?page_size=3&symbols=BTCUSDT&symbols=PEPE1000USDT": (
        "ListBetas",
        {"page_size": 3, "symbols": ["BTCUSDT", "PEPE1000USDT"]},
    ),
    "/v1/betas/ETHUSDT": ("GetBeta", {"symbol": "ETHUSDT"}),
    "/v1/signals": ("ListSignals", {}),
    "/v1/signals?active=true&side=SIDE_LONG": ("ListSignals", {"active": True, "side": "SIDE_LONG"}),
    "/v1/signals?active=false&pageSize=2": ("ListSignals", {"active": False, "page_size": 2}),
    "/v1/opportunities?kinds=OPPORTUNITY_KIND_BETA_EXPANSION": (
        "ListOpportunities",
        {"kinds": ["OPPORTUNITY_KIND_BETA_EXPANSION"]},
    ),
    "/v1/alerts?min_level=ALERT_LEVEL_WARNING&page_size=2": (
        "ListAlerts",
        {"min_level": "ALERT_LEVEL_WARNING", "page_size": 2},
    ),
    "/v1/confluence/BTCUSDT/history?start_time=2025-10-20T22:00:00Z&resolution=300s": (
        "GetScoreHistory",
        {**BTC, "start_time": "2025-10-20T22:00:00Z", "resolution": "300s"},
    ),
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def filled_edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningEdge]:
    """Start an edge in front of a server with a complete snapshot, the candles of one symbol, and a history. Tests only
    read."""
    history = sqlite_url(tmp_path_factory.mktemp("edge"))
    await fill_history(history)
    async with running_edge(history=history_opener(history)) as one:
        await one.market.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=50), ttl_s=TTL_S)
        await store_everything(one.market)
        yield one


async def expected(market: RunningServer, rpc: str, request: dict[str, Any]) -> Any:
    """Return the server's own reply."""
    reply = await getattr(market.stub, rpc)(json_format.ParseDict(request, getattr(api, f"{rpc}Request")()))
    assert reply.provenance.snapshot_id == "s1"  # two empty replies would be equal too
    return reply


def unpacked(error_output: str) -> tuple[str, error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo]:
    """Return (code, ErrorInfo, RetryInfo) of an error as buf prints it."""
    error = json.loads(error_output)
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for detail in error["details"]:
        for into in (info, retry):
            if detail["type"] == into.DESCRIPTOR.full_name:
                into.ParseFromString(base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4)))
    return error["code"], info, retry


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("rpc", "request_"), {rpc: (rpc, request) for rpc, request in PATHS.values()}.values())
async def test_each_rpc_has_the_same_reply_through_the_edge(
    filled_edge: RunningEdge, protocol: str, rpc: str, request_: dict[str, Any]
) -> None:
    reply = await expected(filled_edge.market, rpc, request_)
    out, error_output = await filled_edge.call(protocol, rpc, request_)
    assert error_output == ""
    assert json_format.Parse(out, type(reply)()) == reply


@pytest.mark.parametrize("path", PATHS)
async def test_each_json_path_has_the_reply_of_its_rpc(filled_edge: RunningEdge, path: str) -> None:
    reply = await expected(filled_edge.market, *PATHS[path])
    status, body, headers = await filled_edge.http(path)
    assert (status, headers["content-type"], headers["cache-control"]) == (200, "application/json", "no-store")
    assert json_format.ParseDict(body, type(reply)()) == reply


async def test_the_tests_cover_every_path_of_the_contract() -> None:
    assert {rpc for rpc, _ in PATHS.values()} | {"WatchDashboard", "WatchAlerts"} == {
        method.name for method in api.DESCRIPTOR.services_by_name["MarketService"].methods
    }


async def test_in_json_an_unmeasured_number_is_absent_and_an_empty_list_is_present(filled_edge: RunningEdge) -> None:
    _, body, _ = await filled_edge.http("/v1/dashboard")
    scored, unscored = body["rows"][0], body["rows"][-1]
    assert {"score", "confidence", "technical", "priceStructure"} <= scored.keys()
    assert unscored.keys() == {
        *("symbol", "label", "price", "change24hPercent", "turnover24hUsd", "coverage"),
        *("recentScores", "longSignal", "shortSignal", "opportunities"),
    }
    _, none, _ = await filled_edge.http("/v1/confluence?symbols=NOSUCHUSDT")
    assert (none["rows"], none["totalSize"], none["provenance"]["stale"]) == ([], 0, False)


async def first_message(filled_edge: RunningEdge, protocol: str, rpc: str, request: dict[str, Any]) -> str:
    """Return the first message of a stream as `buf curl` prints it."""
    process = await filled_edge.buf(protocol, rpc, request)
    assert process.stdout is not None
    text = ""
    try:
        async with asyncio.timeout(10):
            while not text.rstrip().endswith("\n}"):
                chunk = await process.stdout.read(1 << 16)
                assert chunk, "the stream ended within its first message"
                text += chunk.decode()
    finally:
        process.terminate()
        await process.communicate()
    return text


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_stream_begins_with_a_whole_dashboard(filled_edge: RunningEdge, protocol: str) -> None:
    whole = await expected(filled_edge.market, "GetDashboard", {})
    text = await first_message(filled_edge, protocol, "WatchDashboard", {})
    message = json_format.Parse(text, api.WatchDashboardResponse())
    assert (message.provenance, list(message.snapshot.rows)) == (whole.provenance, list(whole.rows))


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_stream_of_alerts_begins_after_its_cursor(filled_edge: RunningEdge, protocol: str) -> None:
    text = await first_message(filled_edge, protocol, "WatchAlerts", {"cursor": "0"})
    message = json_format.Parse(text, api.WatchAlertsResponse())
    assert (texts([message]), message.cursor) == (numbered_texts(0, 5), message.alerts[-1].cursor)


async def test_five_hundred_symbols_fit_into_one_json_reply() -> None:
    async with running_edge() as one:
        await one.market.show(snapshot(size=500))
        status, body, _ = await one.http("/v1/dashboard")
        assert (status, len(body["rows"])) == (200, 500)


@pytest.mark.parametrize(
    ("path", "status", "code", "reason", "field"),
    [
        ("/v1/confluence/SYSTEM_STATUS", 400, 3, "INVALID_FIELD", "symbol"),
        ("/v1/confluence?page_size=-1", 400, 3, "INVALID_FIELD", "page_size"),
        ("/v1/symbols?page_token=abc", 400, 3, "PAGE_TOKEN_INVALID", "page_token"),
        ("/v1/confluence/NOSUCHUSDT", 404, 5, "SYMBOL_NOT_FOUND", "symbol"),
        ("/v1/confluence/%E5%B8%81%E5%AE%89USDT", 404, 5, "SYMBOL_NOT_FOUND", "symbol"),
        ("/v1/symbols/UNTRACKEDUSDT/candles", 404, 5, "SYMBOL_NOT_TRACKED", "symbol"),
    ],
)
async def test_a_json_error_has_its_reason_and_field(
    filled_edge: RunningEdge, path: str, status: int, code: int, reason: str, field: str
) -> None:
    answered, body, headers = await filled_edge.http(path, headers={**ORIGIN, "x-request-id": "from-the-page"})
    assert (answered, body["code"], headers["content-type"]) == (status, code, "application/json")
    info, bad = details(body)["ErrorInfo"], details(body)["BadRequest"]
    assert (info["reason"], info["domain"]) == (reason, "virtuoso.market")
    assert [violation["field"] for violation in bad["fieldViolations"]] == [field]
    assert headers["x-request-id"] == info["metadata"]["request_id"] == "from-the-page"


@pytest.mark.parametrize(("path", "named"), [("/v1/symbols?page_size=abc", '"abc"'), ("/v1/overview?colour=1", '"colour"')])
async def test_the_error_for_an_unknown_query_parameter_has_its_name(
    filled_edge: RunningEdge, path: str, named: str
) -> None:
    status, body, headers = await filled_edge.http(path, headers=ORIGIN)
    assert (status, body["code"], details(body)["ErrorInfo"]["reason"]) == (400, 3, "INVALID_FIELD")
    assert named in body["message"]
    assert headers["access-control-allow-origin"] == ORIGIN["Origin"]  # so the page can read the error


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/v1/nope"), ("POST", "/v1/overview"), ("POST", f"/{SERVICE}/GetOverview")]
)
async def test_an_unknown_path_is_404_in_json(filled_edge: RunningEdge, method: str, path: str) -> None:
    status, body, headers = await filled_edge.http(path, method, headers=ORIGIN)
    assert (status, body["code"], details(body)["ErrorInfo"]["reason"]) == (404, 5, "UNKNOWN_RPC")
    assert path in body["message"]
    assert headers["access-control-allow-origin"] == ORIGIN["Origin"]


async def test_an_unknown_rpc_is_unimplemented(filled_edge: RunningEdge) -> None:
    async with grpc.aio.insecure_channel(filled_edge.edge.address) as channel:
        call: Any = channel.unary_unary  # its published type requires serialisers
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call("/no.such.Service/Call")(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_before_the_first_snapshot_all_protocols_return_not_ready_with_a_retry_time() -> None:
    async with running_edge() as one:
        status, body, _ = await one.http("/v1/dashboard")
        found = details(body)
        assert (status, body["code"]) == (503, 14)
        assert (found["ErrorInfo"]["reason"], found["RetryInfo"]["retryDelay"]) == ("NOT_READY", "2s")
        for protocol in PROTOCOLS:
            out, error_output = await one.call(protocol, "GetDashboard", {})
            code, info, retry = unpacked(error_output)
            assert (out, code, info.reason, retry.retry_delay.seconds) == ("", "unavailable", "NOT_READY", 2)


async def test_a_page_of_any_origin_may_call_without_credentials(filled_edge: RunningEdge) -> None:
    wanted = "content-type,x-grpc-web,x-user-agent,grpc-timeout,authorization"
    for path, method in ((f"/{SERVICE}/GetDashboard", "POST"), ("/v1/dashboard", "GET")):
        asks = {**ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": wanted}
        status, _, allowed = await filled_edge.http(path, "OPTIONS", headers=asks)
        assert (status, allowed["access-control-allow-origin"]) == (200, ORIGIN["Origin"])
        assert method in allowed["access-control-allow-methods"].split(", ")
        assert set(wanted.split(",")) <= set(allowed["access-control-allow-headers"].split(", "))
        assert "access-control-allow-credentials" not in allowed


async def test_a_page_may_read_the_status_of_an_rpc(filled_edge: RunningEdge) -> None:
    status, _, headers = await filled_edge.http("/v1/overview", headers=ORIGIN)
    assert (status, headers["access-control-allow-origin"], headers["vary"]) == (
        200,
        ORIGIN["Origin"],
        "Origin, Accept-Encoding",
    )
    exposed = set(headers["access-control-expose-headers"].split(", "))
    assert {"grpc-status", "grpc-message", "grpc-status-details-bin"} <= exposed


async def test_only_configured_origins_are_allowed() -> None:
    async with running_edge(spec={"origins": ("https://ours.example", "http://localhost:5173")}) as one:
        await one.market.show(snapshot())
        for origin, is_allowed in (
            ("https://ours.example", True),
            ("http://localhost:5173", True),
            ("https://other.example", False),
        ):
            asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            _, _, allowed = await one.http(f"/{SERVICE}/GetDashboard", "OPTIONS", headers=asks)
            _, _, headers = await one.http("/v1/overview", headers={"Origin": origin})
            assert [each.get("access-control-allow-origin") for each in (allowed, headers)] == [
                origin if is_allowed else None
            ] * 2


async def test_grpc_web_text_is_supported(filled_edge: RunningEdge) -> None:
    whole = await expected(filled_edge.market, "GetOverview", {})
    kind = {"content-type": "application/grpc-web-text", "accept": "application/grpc-web-text", "x-grpc-web": "1"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{filled_edge.edge.url}/{SERVICE}/GetOverview", data=base64.b64encode(bytes(5)), headers=kind
        ) as reply,
    ):
        parts = re.findall(rb"[^=]+=*", await reply.read())  # each message has its own padding
        frames = b"".join(base64.b64decode(part) for part in parts)
    length = int.from_bytes(frames[1:5], "big")
    assert api.GetOverviewResponse.FromString(frames[5 : 5 + length]) == whole
    assert b"grpc-status:0" in frames[5 + length :].replace(b" ", b"")
