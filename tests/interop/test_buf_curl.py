"""buf curl, which knows the contract by reflection only, reads the same numbers as our own stubs."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf import json_format
from google.rpc import error_details_pb2

from tests.service.history_servers import fill_history, history_opener, numbered_texts, sqlite_url, texts
from tests.service.servers import RunningServer, running_server, store_everything
from tests.service.snapshots import T0, TTL_S, candle_series
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.service.health import NAMES, SERVICE

BUF = str(Path(sys.executable).parent / "buf")
BTC = {"symbol": "BTCUSDT"}
CALLS: dict[str, dict[str, Any]] = {
    "GetDashboard": {},
    "GetOverview": {},
    "ListConfluenceScores": {"order_by": "turnover_24h_usd desc", "min_score": 40, "page_size": 7},
    "GetConfluence": BTC,
    "ListMovers": {"min_turnover_usd": 2_500_000, "page_size": 3},
    "ListSymbols": {"page_size": 5},
    "ListMarkets": {"order_by": "price desc", "page_size": 3},
    "ListCandles": {**BTC, "timeframe": "TIMEFRAME_5M", "page_size": 20},
    "GetMarketSeries": {**BTC, "kinds": ["SERIES_KIND_FUNDING_RATE"]},
    "GetSentiment": {},
    "ListBetas": {"page_size": 3, "symbols": ["BTCUSDT", "PEPE1000USDT"]},
    "GetBeta": {"symbol": "ETHUSDT"},
    "ListSignals": {"side": "SIDE_LONG", "page_size": 6},
    "ListOpportunities": {"kinds": ["OPPORTUNITY_KIND_BETA_EXPANSION"]},
    "ListAlerts": {"min_level": "ALERT_LEVEL_WARNING", "page_size": 2},
    "GetOutlook": BTC,
    "ListOutlooks": {"page_size": 3},
    "GetOutlookRecord": {},
    "GetScoreHistory": {**BTC, "start_time": "2025-10-20T22:00:00Z", "resolution": "300s"},
}


@pytest_asyncio.fixture
async def market(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """Start a server with a complete snapshot, the candles of one symbol, and a history."""
    await fill_history(sqlite_url(tmp_path))
    async with running_server(history=history_opener(sqlite_url(tmp_path))) as one:
        await one.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=50), ttl_s=TTL_S)
        await store_everything(one)
        yield one


async def start(market: RunningServer, *words: str, path: str = "") -> asyncio.subprocess.Process:
    """Start `buf curl` with these arguments on that server."""
    return await asyncio.create_subprocess_exec(
        *(BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", *words, f"http://{market.address}{path}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def call(market: RunningServer, method: str, request: dict[str, Any]) -> tuple[int, str, str]:
    """Return (exit code, standard output, standard error) of one call."""
    process = await start(market, "-d", json.dumps(request), path=f"/{method}")
    async with asyncio.timeout(10):
        out, error_output = await process.communicate()
    return process.returncode or 0, out.decode(), error_output.decode()


async def first(stream: asyncio.StreamReader) -> Any:
    """Return the first of several JSON values in a row."""
    text = ""
    async with asyncio.timeout(10):
        while True:
            chunk = await stream.read(1 << 16)
            if not chunk:
                raise AssertionError(f"the stream ended within its first message: {text!r}")
            text += chunk.decode()
            try:
                return json.JSONDecoder().raw_decode(text.lstrip())[0]
            except ValueError:
                continue


async def test_reflection_names_every_service_and_method(market: RunningServer) -> None:
    process = await start(market, "--list-methods")
    out, error_output = await process.communicate()
    assert process.returncode == 0, error_output.decode()
    methods = out.decode().split()
    assert {name for name in methods if name.startswith(SERVICE)} == {
        f"{SERVICE}/{rpc}" for rpc in (*CALLS, "WatchDashboard", "WatchAlerts")
    }
    assert {"grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"} <= set(methods)


@pytest.mark.parametrize("rpc", CALLS)
async def test_a_json_reply_equals_the_reply_of_the_stubs(market: RunningServer, rpc: str) -> None:
    input_type = getattr(api, f"{rpc}Request")
    expected = await getattr(market.stub, rpc)(json_format.ParseDict(CALLS[rpc], input_type()))

    code, out, error_output = await call(market, f"{SERVICE}/{rpc}", CALLS[rpc])

    assert (code, error_output) == (0, "")
    assert json_format.Parse(out, type(expected)()) == expected  # each number to its last digit, and no other content
    assert expected.provenance.snapshot_id == "s1"  # two empty replies would be equal too


async def test_json_has_the_names_that_clients_rely_on_and_no_number_that_was_not_measured(market: RunningServer) -> None:
    expected = await market.stub.GetDashboard(api.GetDashboardRequest())

    _, out, _ = await call(market, f"{SERVICE}/GetDashboard", {})

    reply = json.loads(out)
    best, unscored = reply["rows"][0], reply["rows"][-1]
    of_best = expected.rows[0]
    numbers = {"score", "confidence", "price", "change_24h_percent", "turnover_24h_usd", "coverage"}
    numbers |= {"technical", "volume", "orderflow", "orderbook", "price_structure", "sentiment"}
    as_json = {field.json_name: getattr(of_best, field.name) for field in of_best.DESCRIPTOR.fields if field.name in numbers}
    assert len(as_json) == len(numbers)
    assert best == {"symbol": of_best.symbol, "label": "LABEL_STRONG_BULLISH", **as_json}
    assert unscored.keys() == {"symbol", "price", "change24hPercent", "turnover24hUsd"}
    assert reply["provenance"]["environment"] == "ENVIRONMENT_SIMULATED"
    assert reply["provenance"]["coverage"] == {"expected": 50, "present": 48}


async def test_a_stream_begins_with_a_whole_dashboard(market: RunningServer) -> None:
    expected = await market.stub.GetDashboard(api.GetDashboardRequest())
    process = await start(market, "-d", "{}", path=f"/{SERVICE}/WatchDashboard")
    assert process.stdout is not None
    try:
        message = json_format.ParseDict(await first(process.stdout), api.WatchDashboardResponse())
    finally:
        process.terminate()
        await process.communicate()

    assert message.resume_token
    assert message.provenance == expected.provenance
    assert list(message.snapshot.rows) == list(expected.rows)
    assert message.snapshot.overview == expected.overview


async def test_a_stream_of_alerts_begins_after_its_cursor(market: RunningServer) -> None:
    process = await start(market, "-d", '{"cursor": "0"}', path=f"/{SERVICE}/WatchAlerts")
    assert process.stdout is not None
    try:
        message = json_format.ParseDict(await first(process.stdout), api.WatchAlertsResponse())
    finally:
        process.terminate()
        await process.communicate()

    assert texts([message]) == numbered_texts(0, 5)
    assert message.cursor == message.alerts[-1].cursor
    assert message.provenance.snapshot_id == "s1"


@pytest.mark.parametrize(
    ("rpc", "request_", "code", "reason", "field"),
    [
        ("GetConfluence", {"symbol": "SYSTEM_STATUS"}, "invalid_argument", "INVALID_FIELD", "symbol"),
        ("ListConfluenceScores", {"page_size": -1}, "invalid_argument", "INVALID_FIELD", "page_size"),
        ("ListSymbols", {"page_token": "abc"}, "invalid_argument", "PAGE_TOKEN_INVALID", "page_token"),
        ("GetConfluence", {"symbol": "NOSUCHUSDT"}, "not_found", "SYMBOL_NOT_FOUND", "symbol"),
        ("GetConfluence", {"symbol": "UNTRACKEDUSDT"}, "not_found", "SYMBOL_NOT_TRACKED", "symbol"),
        ("GetBeta", {"symbol": "UNTRACKEDUSDT"}, "not_found", "SYMBOL_NOT_TRACKED", "symbol"),
        (
            "GetScoreHistory",
            {**BTC, "start_time": "2125-01-01T00:00:00Z"},
            "invalid_argument",
            "INVALID_FIELD",
            "start_time",
        ),
        ("ListAlerts", {"page_token": "abc"}, "invalid_argument", "PAGE_TOKEN_INVALID", "page_token"),
    ],
)
async def test_an_error_has_its_reason_and_field(
    market: RunningServer, rpc: str, request_: dict[str, Any], code: str, reason: str, field: str
) -> None:
    exit_code, out, error_output = await call(market, f"{SERVICE}/{rpc}", request_)

    error = json.loads(error_output)
    assert (exit_code != 0, out, error["code"]) == (True, "", code)
    assert field in error["message"] or request_.get(field, "") in error["message"]
    info, bad = detail(error, error_details_pb2.ErrorInfo()), detail(error, error_details_pb2.BadRequest())
    assert (info.reason, info.domain) == (reason, "virtuoso.market")
    assert {violation.field for violation in bad.field_violations} == {field}


async def test_data_that_is_too_old_is_an_error_with_a_retry_time(market: RunningServer) -> None:
    market.after(3600)

    _, out, error_output = await call(market, f"{SERVICE}/GetDashboard", {})

    error = json.loads(error_output)
    assert (out, error["code"]) == ("", "unavailable")
    assert detail(error, error_details_pb2.ErrorInfo()).reason == "DATA_UNAVAILABLE"
    assert detail(error, error_details_pb2.RetryInfo()).retry_delay.seconds > 0


def detail(error: dict[str, Any], into: Any) -> Any:
    """Return the only detail of the type of `into`. buf prints it in base64 without padding."""
    (value,) = (item["value"] for item in error["details"] if item["type"] == into.DESCRIPTOR.full_name)
    into.ParseFromString(base64.b64decode(value + "=" * (-len(value) % 4)))
    return into


@pytest.mark.parametrize("name", NAMES)
async def test_health_can_be_called_by_reflection(market: RunningServer, name: str) -> None:
    code, out, error_output = await call(market, "grpc.health.v1.Health/Check", {"service": name})

    assert (code, json.loads(out), error_output) == (0, {"status": "SERVING"}, "")


async def test_bars_have_their_times(market: RunningServer) -> None:
    _, out, _ = await call(market, f"{SERVICE}/ListCandles", CALLS["ListCandles"])

    reply = json.loads(out)
    opened = [candle["openTime"] for candle in reply["candles"]]
    assert (len(opened), opened) == (20, sorted(opened))
    message = json_format.Parse(out, api.ListCandlesResponse())
    assert message.candles[-1].open_time.ToMilliseconds() + 300_000 <= T0  # the last bar is closed
