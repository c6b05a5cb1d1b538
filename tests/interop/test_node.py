"""Clients on Node: the package virtuoso-market with connect-web through the edge, and @grpc/grpc-js without the edge."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf import json_format

from tests.interop.edges import RunningEdge, running_edge
from tests.interop.nodes import Script, install
from tests.interop.test_buf_curl import BTC, CALLS
from tests.programs import ROOT
from tests.service.history_servers import alert, fill_history, history_opener, numbered_texts, sqlite_url
from tests.service.servers import RunningServer, running_server, store_everything
from tests.service.snapshots import T0, TTL_S, candle_series, snapshot
from virtuoso.edge.contract import STREAMS
from virtuoso.history.factory import open_history_writer
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys

METHODS = api.DESCRIPTOR.services_by_name["MarketService"].methods
UNARY = tuple(method.name for method in METHODS if not method.server_streaming)


@pytest.fixture(scope="module", autouse=True)
def packages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Install the packages once."""
    install(tmp_path_factory.mktemp("package"))


@pytest_asyncio.fixture
async def filled_edge(tmp_path: Path) -> AsyncIterator[RunningEdge]:
    """Start a server with a complete snapshot and a history, behind the edge."""
    await fill_history(sqlite_url(tmp_path))
    async with running_edge(history=history_opener(sqlite_url(tmp_path)), heartbeat_s=1) as one:
        await one.market.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=50), ttl_s=TTL_S)
        await store_everything(one.market)
        yield one


def web(one: RunningEdge, scenario: str, argument: Any = None) -> Script:
    """Run a scenario of the package against the edge."""
    return Script("web.mjs", one.edge.address, scenario, json.dumps(argument or {}))


async def expected(market: RunningServer, rpc: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return what our own stubs get, as JSON."""
    message = json_format.ParseDict(request, getattr(api, f"{rpc}Request")())
    return json_format.MessageToDict(await getattr(market.stub, rpc)(message))


def without_age(reply: dict[str, Any]) -> dict[str, Any]:
    """Return the reply without its age, which changes with time."""
    reply["provenance"].pop("age", None)
    return reply


async def test_every_unary_call_of_the_package_reads_what_our_own_stubs_read(filled_edge: RunningEdge) -> None:
    assert set(CALLS) == set(UNARY)
    async with web(filled_edge, "calls", list(CALLS.items())) as script:
        for rpc, request in CALLS.items():
            assert without_age(await script.line()) == without_age(await expected(filled_edge.market, rpc, request)), rpc


async def test_a_failure_has_its_reason_fields_and_retry_time() -> None:
    async with running_edge() as one:
        wrong = {"page_size": -1, "min_score": 101}
        calls = [["GetOverview", {}], ["ListConfluenceScores", wrong], ["GetConfluence", {"symbol": "NOSUCHUSDT"}]]
        async with web(one, "calls", calls[:1]) as script:
            not_ready = await script.line()
        await one.market.show(snapshot())
        async with web(one, "calls", calls[1:]) as script:
            invalid, unknown = await script.line(), await script.line()
    assert "reason" in not_ready, not_ready
    assert (not_ready["code"], not_ready["reason"], not_ready["retryAfterMs"]) == ("unavailable", "NOT_READY", 2000)
    assert (invalid["code"], invalid["reason"]) == ("invalid_argument", "INVALID_FIELD")
    assert {each["field"] for each in invalid["fields"]} == {"page_size", "min_score"}
    blame = [{"field": "symbol", "description": "bybit has no USDT perpetual NOSUCHUSDT"}]
    assert (unknown["code"], unknown["reason"], unknown["fields"]) == ("not_found", "SYMBOL_NOT_FOUND", blame)
    assert unknown["requestId"]


async def test_a_call_before_readiness_succeeds_when_the_server_is_ready() -> None:
    async with running_edge() as one, web(one, "calls", [["GetOverview", {}]]) as script:
        await asyncio.sleep(0.6)  # the first of the call's three attempts has been refused by now, the last one has not
        await one.market.show(snapshot())
        assert (await script.line())["overview"]["regime"] == "REGIME_NEUTRAL"


async def test_a_followed_dashboard_always_equals_get_dashboard(filled_edge: RunningEdge) -> None:
    async with web(filled_edge, "dashboard") as script:
        assert (await script.line())["connection"] == "connecting"
        for step in range(1, 4):
            await filled_edge.market.show(snapshot(f"next-{step}", observed_ms=T0 + 5000 * step, size=50 - step))
            seen = await script.until(lambda line, step=step: line["id"] == f"next-{step}")
            reply = await filled_edge.market.stub.GetDashboard(api.GetDashboardRequest())
            rows = [[row.symbol, row.score if row.HasField("score") else None, row.price] for row in reply.rows]
            assert (seen["connection"], sorted(seen["rows"])) == ("live", sorted(rows))


async def test_a_broken_stream_keeps_its_data_reports_the_loss_and_resumes(filled_edge: RunningEdge) -> None:
    async with web(filled_edge, "dashboard") as script:
        await script.until(lambda line: line["connection"] == "live")
        envoy = filled_edge.edge.envoy()
        subprocess.run(["kill", "-9", str(envoy)], check=True)  # the edge starts another
        lost = await script.until(lambda line: line["connection"] == "lost")
        await filled_edge.market.show(snapshot("later", observed_ms=T0 + 5000))
        found = await script.until(lambda line: line["connection"] == "live" and line["id"] == "later")
    assert (len(lost["rows"]), lost["problem"]["code"]) == (50, "unavailable")
    assert len(found["rows"]) == 50


async def test_a_silent_stream_counts_as_lost() -> None:
    async with running_edge(heartbeat_s=25) as one:
        await one.market.show(snapshot())
        async with web(one, "dashboard", {"silenceMs": 1500}) as script:
            await script.until(lambda line: line["connection"] == "live")
            lost = await script.until(lambda line: line["connection"] == "lost")
            assert lost["problem"]["message"] == "no message came for too long"
            assert (await script.line())["connection"] == "live"


async def test_followed_alerts_come_once_across_failures(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await fill_history(url)
    async with running_edge(history=history_opener(url), heartbeat_s=1) as one:
        await one.market.show(snapshot())
        writer = open_history_writer(url, timeout_s=20)
        async with web(one, "alerts", {"cursor": "0"}) as script:
            seen: list[str] = []
            while len(seen) < 5:
                seen += (await script.line())["texts"]
            subprocess.run(["kill", "-9", str(one.edge.envoy())], check=True)
            await script.until(lambda line: line.get("problem"))
            await writer.add_alerts([alert(number) for number in range(5, 8)], cooldown_s={})
            while len(seen) < 8:
                seen += (await script.line())["texts"]
        await writer.close()
    assert seen == numbered_texts(0, 8)


async def test_grpc_js_reads_every_call_and_both_streams(tmp_path: Path) -> None:
    image = tmp_path / "image.binpb"
    await asyncio.to_thread(subprocess.run, [str(ROOT / "tools" / "generate"), "--image", str(image)], check=True)
    url = sqlite_url(tmp_path)
    await fill_history(url)
    async with running_server(history=history_opener(url)) as market:
        await market.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=50), ttl_s=TTL_S)
        await store_everything(market)
        plain: dict[str, dict[str, Any]] = {rpc: {} for rpc in UNARY} | dict.fromkeys(
            ("GetConfluence", "GetBeta", "GetOutlook", "ListCandles", "GetMarketSeries", "GetScoreHistory"), BTC
        )
        calls = [*plain.items(), *((rpc, {}) for rpc in STREAMS), ("GetConfluence", {"symbol": "SYSTEM_STATUS"})]
        async with Script("grpc.mjs", market.address, str(image), json.dumps(calls)) as script:
            for rpc, request in plain.items():
                got = (await script.line())["message"]
                want = await expected(market, rpc, request)
                assert got["provenance"]["snapshot_id"] == want["provenance"]["snapshotId"], rpc
                assert {_camel(name) for name in got} == set(want), rpc
            for rpc in STREAMS:
                assert (await script.line())["message"]["provenance"]["venue"] == "bybit", rpc
            refused = await script.line()
    assert (refused["code"], refused["rich"]) == (3, 1)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
