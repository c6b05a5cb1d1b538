"""A real grpc-gateway answers as Envoy does, for each unary RPC with valid and invalid requests, and for /healthz."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest
import pytest_asyncio
from google.api import annotations_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.rpc import status_pb2

from tests.interop.edges import RunningEdge, details, running_edge
from tests.programs import Program, free_port
from tests.service.history_servers import fill_history, history_opener, sqlite_url
from tests.service.servers import running_server, store_everything
from tests.service.snapshots import TTL_S, candle_series, snapshot
from virtuoso.app.monitor import Monitor
from virtuoso.edge.contract import SERVICE
from virtuoso.market.v1 import candle_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.service.chart_timeframes import CHART_TIMEFRAMES
from virtuoso.service.health import NAMES
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.server import MarketServer
from virtuoso.store.v1.candle_series_pb2 import CandleSeries

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]  # Go may have to build the gateway first
UNARY = {
    method.name: method for method in api.DESCRIPTOR.services_by_name["MarketService"].methods if not method.server_streaming
}
ID = "asked-twice"  # without it, each of the two errors has a different request id
Query = list[tuple[str, str]]


class Gateway(Program):
    """The gateway of tools/deploy/gateway on a free port."""

    def __init__(self, folder: Path, servers: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__([str(folder / "gateway"), "-address", f"127.0.0.1:{port}", "-grpc-address", servers], port)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def filled_edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningEdge]:
    """Start an edge in front of a server with a complete snapshot, the candles of one symbol, and a history. Its clock
    stands still."""
    history = sqlite_url(tmp_path_factory.mktemp("gateway"))
    await fill_history(history)
    async with running_edge(history=history_opener(history)) as one:
        for number, step_s in enumerate((60, 300, 1800, 14_400), start=1):
            series = CandleSeries.FromString(candle_series(bars=50, step_s=step_s))
            series.timeframe = candle_pb2.Timeframe.ValueType(number)
            name = keys.candles("bybit", "BTCUSDT", CHART_TIMEFRAMES[series.timeframe].name)
            await one.market.repository.set(name, series.SerializeToString(), ttl_s=TTL_S)
        await store_everything(one.market)
        yield one


@pytest.fixture(scope="module")
def gateway(go_programs: Path, filled_edge: RunningEdge) -> Iterator[Gateway]:
    """Start the gateway in front of the same server."""
    one = Gateway(go_programs, filled_edge.market.address)
    yield one
    one.kill()


async def ask(url: str, method: str = "GET") -> tuple[int, Any, dict[str, str]]:
    """Return (status, body as JSON, the headers that matter)."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10), headers={"x-request-id": ID}) as session,
        session.request(method, url) as reply,
    ):
        headers = {name: reply.headers.get(name, "") for name in ("content-type", "cache-control")}
        return reply.status, json.loads(await reply.text()), headers


def path(method: MethodDescriptor, symbol: str = "BTCUSDT", query: Query | None = None) -> str:
    """Return the path of an RPC by its google.api.http rule."""
    template: str = method.GetOptions().Extensions[annotations_pb2.http].get
    words = urlencode(query or [])
    return template.replace("{symbol}", quote(symbol)) + (f"?{words}" if words else "")


def fields(method: MethodDescriptor) -> list[FieldDescriptor]:
    """Return the fields that the query may contain."""
    rule: str = method.GetOptions().Extensions[annotations_pb2.http].get
    return [field for field in method.input_type.fields if f"{{{field.name}}}" not in rule]


def fitting(field: FieldDescriptor) -> list[str]:
    """Return valid values of a field: the names of an enum, or the values listed here for any other field."""
    if field.enum_type is not None:
        return [value.name for value in field.enum_type.values if value.number]
    return {
        "symbols": ["BTCUSDT", "ETHUSDT"],
        "order_by": ["turnover_24h_usd desc"],
        "min_score": ["40"],
        "page_size": ["3"],
        "page_token": [""],
        "min_turnover_usd": ["2500000"],
        "active": ["false", "true"],
        "with_outlook": ["true"],
        "query": ["M0"],
        "start_time": ["2025-10-20T22:00:00Z"],
        "end_time": ["2025-10-20T22:30:00.5Z"],
        "resolution": ["300s"],
    }[field.name]


def unfitting(field: FieldDescriptor) -> list[str]:
    """Return invalid values: of the wrong type, and of the right type but against the rule."""
    if field.enum_type is not None:
        return ["NO_SUCH_NAME", "99"]
    if field.message_type is not None:
        return ["yesterday", "-5s"]
    kinds = {
        FieldDescriptor.TYPE_STRING: ["SYSTEM_STATUS"],
        FieldDescriptor.TYPE_INT32: ["abc", "-1", "1.5", "99999999999"],
        FieldDescriptor.TYPE_DOUBLE: ["abc", "-1", "NaN"],
        FieldDescriptor.TYPE_BOOL: ["perhaps"],
    }
    return kinds[field.type]


def good(method: MethodDescriptor) -> Iterator[Query]:
    """Yield queries: an empty one, each field alone by either of its names, and all fields at once."""
    yield []
    for field in fields(method):
        for value in fitting(field):
            yield [(field.name, value)]
            yield [(field.json_name, value)]
    yield [(field.name, fitting(field)[0]) for field in fields(method)]


def bad(method: MethodDescriptor) -> Iterator[str]:
    """Yield paths that must be refused."""
    yield path(method, query=[("colour", "red")])
    for field in fields(method):
        for value in unfitting(field):
            yield path(method, query=[(field.name, value)])
    if fields(method) != list(method.input_type.fields):
        for symbol in ("SYSTEM_STATUS", "NOSUCHUSDT", "UNTRACKEDUSDT", "币安USDT", "A/B", "%"):
            yield path(method, symbol)


def request(method: MethodDescriptor, query: Query) -> Any:
    """Return the query as a request message."""
    values: dict[str, Any] = {"symbol": "BTCUSDT"} if fields(method) != list(method.input_type.fields) else {}
    for name, value in query:
        field = next(field for field in fields(method) if name in {field.name, field.json_name})
        plain: Any = value == "true" if field.type == FieldDescriptor.TYPE_BOOL else value
        values[field.name] = [plain] if field.is_repeated else plain
    return json_format.ParseDict(values, getattr(api, method.input_type.name)())


def meaning(body: dict[str, Any]) -> status_pb2.Status:
    """Return an error as a client reads it. Remove the text of an error without a request id, because a proxy wrote it."""
    status = json_format.ParseDict(body, status_pb2.Status())
    if "request_id" not in details(body).get("ErrorInfo", {}).get("metadata", {}):
        status.message = ""
    return status


@pytest.mark.parametrize("rpc", UNARY)
async def test_each_reply_equals_those_of_envoy_and_the_server(filled_edge: RunningEdge, gateway: Gateway, rpc: str) -> None:
    for query in good(UNARY[rpc]):
        where = path(UNARY[rpc], query=query)
        status, body, headers = await ask(gateway.url + where)
        assert (status, body, headers) == await ask(filled_edge.edge.url + where), where
        assert status == 200, where
        reply = await getattr(filled_edge.market.stub, rpc)(request(UNARY[rpc], query))
        assert json_format.ParseDict(body, type(reply)()) == reply, where
        assert reply.provenance.snapshot_id == "s1"


@pytest.mark.parametrize("rpc", UNARY)
async def test_each_error_equals_that_of_envoy(filled_edge: RunningEdge, gateway: Gateway, rpc: str) -> None:
    for where in bad(UNARY[rpc]):
        status, body, headers = await ask(gateway.url + where)
        by_envoy = await ask(filled_edge.edge.url + where)
        assert (status, headers["content-type"]) == (by_envoy[0], by_envoy[2]["content-type"]), where
        assert status in {400, 404}, where
        assert meaning(body) == meaning(by_envoy[1]), where


@pytest.mark.parametrize(
    ("method", "where"),
    [("GET", "/v1/nope"), ("POST", "/v1/overview"), ("POST", f"/{SERVICE}/GetOverview")],
)
async def test_an_unknown_path_is_404_at_both(filled_edge: RunningEdge, gateway: Gateway, method: str, where: str) -> None:
    status, body, _ = await ask(gateway.url + where, method)
    by_envoy = await ask(filled_edge.edge.url + where, method)
    assert (status, meaning(body)) == (by_envoy[0], meaning(by_envoy[1]))
    assert (status, where in body["message"]) == (404, True)
    assert (await ask(gateway.url + "/"))[0] == 404  # the edge serves the web page at this path


@pytest.mark.parametrize("where", ["/v1/overview/", "/v1/confluence/", "/v1/confluence?page_size=%33"])
async def test_unusual_paths_mean_the_same_to_both(filled_edge: RunningEdge, gateway: Gateway, where: str) -> None:
    status, body, headers = await ask(gateway.url + where)
    assert (status, body, headers) == await ask(filled_edge.edge.url + where)
    assert (status, body["provenance"]["snapshotId"]) == (200, "s1")


async def test_both_return_the_same_errors_without_data_or_server_and_recover(go_programs: Path) -> None:
    async with running_edge() as one:
        gateway = Gateway(go_programs, one.market.address)
        try:
            for reason, message in (("NOT_READY", None), ("NO_SERVER", "no server answers behind the gateway")):
                if reason == "NO_SERVER":
                    await one.market.server.drain(0)
                for method in UNARY.values():
                    status, body, headers = await ask(gateway.url + path(method))
                    by_envoy = await ask(one.edge.url + path(method))
                    assert (status, meaning(body)) == (503, meaning(by_envoy[1])) == (by_envoy[0], meaning(body))
                    assert details(body)["ErrorInfo"]["reason"] == reason
                    assert headers["cache-control"] == "no-store"
                    assert message in {None, body["message"]}
            market = one.market
            readers = RequestReaders(market.source, keys, max_stale_s=600, clock=market.clock)
            again = MarketServer(market.address, market.cache, readers)
            await again.start()
            await market.show(snapshot())
            async with asyncio.timeout(10):
                while (await ask(gateway.url + "/v1/overview"))[0] != 200:
                    await asyncio.sleep(0.1)
            await again.drain(0)
        finally:
            gateway.kill()


async def test_healthz_equals_that_of_the_monitor_for_every_name_and_status(go_programs: Path) -> None:
    async with running_server() as market:
        monitor = Monitor(status=market.server.health.status, readiness=lambda: (True, {}))
        ours = f"http://127.0.0.1:{await monitor.start('127.0.0.1:0')}"
        gateway = Gateway(go_programs, market.address)
        try:
            seen = set()
            for _ in range(2):
                for name in (*NAMES, "nope"):
                    where = f"/healthz?{urlencode({'service': name})}"
                    status, body, headers = await ask(gateway.url + where)
                    expected = await ask(ours + where)
                    assert (status, body, headers["content-type"]) == (*expected[:2], expected[2]["content-type"]), name
                    seen.add(status)
                assert (await ask(f"{gateway.url}/healthz"))[:2] == (await ask(f"{ours}/healthz"))[:2]
                await market.show(snapshot())
            assert seen == {200, 404, 503}
        finally:
            gateway.kill()
            await monitor.close()
