"""The Python client against real servers that start, stop, refuse calls or hang."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.certificates import certify
from tests.programs import ROOT
from tests.service.history_servers import history_opener, numbered_texts, server_with_history, sqlite_url
from tests.service.servers import RunningServer, running_server
from tests.service.snapshots import T0, row, snapshot
from virtuoso.client import Connection, Dashboard, DashboardStream, Market, State, connect, failure
from virtuoso.client.channel import KEEPALIVE_S, SERVICE
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.service.cached_history import Opener
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.rpc import ConcurrencyLimits
from virtuoso.service.server import OPTIONS, MarketServer

Status = health_pb2.HealthCheckResponse
if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Answering:
    """A server whose GetOverview and health are set by a test."""

    address: str
    health: Any
    calls: list[float | None]  # the time to the deadline of each call


@asynccontextmanager
async def answering(answer: Callable[[Context], Awaitable[bytes]]) -> AsyncIterator[Answering]:
    calls: list[float | None] = []

    async def handle(_: bytes, context: Context) -> bytes:
        calls.append(context.time_remaining())
        return await answer(context)

    server, handler = grpc.aio.server(), grpc.unary_unary_rpc_method_handler(cast("Any", handle))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE.full_name, {"GetOverview": handler}),))
    serving = cast("Any", health).aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(serving, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield Answering(f"127.0.0.1:{port}", serving, calls)
    finally:
        await server.stop(None)


async def outcomes(market: Market, calls: int) -> Counter[str]:
    """Make that many calls and count their outcomes."""
    found: Counter[str] = Counter()
    for _ in range(calls):
        try:
            await market.stub.GetOverview(api.GetOverviewRequest())
            found["OK"] += 1
        except grpc.aio.AioRpcError as error:
            found[failure(error).reason] += 1
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def server_restarted(one: RunningServer, history: Opener | None = None) -> AsyncIterator[None]:
    """Start a new server at the address of a stopped one."""
    server = MarketServer(one.address, one.cache, RequestReaders(one.source, keys, max_stale_s=600), history=history)
    await server.start()
    try:
        yield
    finally:
        await server.drain(0.1)


async def test_calls_go_in_turn_to_the_serving_servers_only() -> None:
    async def empty(_: Context) -> bytes:
        return b""

    async with answering(empty) as able, answering(empty) as unable:
        await unable.health.set("", Status.NOT_SERVING)
        addresses = (able.address, unable.address)
        async with connect(*addresses, health_service="") as market, connect(*addresses, health_service=None) as unchecked:
            await outcomes(market, 40)
            assert (len(able.calls), len(unable.calls)) == (40, 0)
            await until_async(lambda: is_reached(unchecked, unable))
            await able.health.set("", Status.NOT_SERVING)
            await unable.health.set("", Status.SERVING)
            await until_async(lambda: is_reached(market, unable))
            before = len(able.calls)
            assert await outcomes(market, 40) == {"OK": 40}
            assert len(able.calls) == before
            await able.health.set("", Status.SERVING)
            await until_async(lambda: is_reached(market, able))


async def is_reached(market: Market, server: Answering) -> bool:
    """Return whether one of the next two calls reaches that server."""
    before = len(server.calls)
    await outcomes(market, 2)
    return len(server.calls) > before


async def until_async(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_only_unavailable_is_retried() -> None:
    async def refuse(context: Context) -> bytes:
        await context.abort(code, "no")
        raise AssertionError

    for code, attempts in ((grpc.StatusCode.UNAVAILABLE, 3), (grpc.StatusCode.INTERNAL, 1)):
        async with answering(refuse) as server, connect(server.address, health_service=None) as market:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await market.stub.GetOverview(api.GetOverviewRequest())
            assert failure(refused.value).code is code
            assert len(server.calls) == attempts


async def test_every_call_has_a_deadline() -> None:
    async def answer(_: Context) -> bytes:
        return b""

    async def hang(_: Context) -> bytes:
        await asyncio.sleep(60)
        return b""

    async with answering(answer) as server, connect(server.address, timeout_s=30, health_service=None) as market:
        await market.stub.GetOverview(api.GetOverviewRequest())
        await market.stub.GetOverview(api.GetOverviewRequest(), timeout=300)
    ours, callers = server.calls
    assert ours is not None
    assert callers is not None
    assert 0 < ours < 31 < callers, "the deadline of the caller overrides that of the channel, and the server gets both"
    async with answering(hang) as server, connect(server.address, timeout_s=0.3, health_service=None) as market:
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await market.stub.GetOverview(api.GetOverviewRequest())
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_server_allows_the_pings_of_the_client() -> None:
    assert dict(OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"] <= KEEPALIVE_S * 1000


async def test_a_failure_has_the_details_from_the_server(server: RunningServer) -> None:
    async with connect(server.address, health_service=None) as market:
        with pytest.raises(grpc.aio.AioRpcError) as early:
            await market.stub.GetOverview(api.GetOverviewRequest())
        why = failure(early.value)
        assert (why.code, why.reason, why.retry_s) == (grpc.StatusCode.UNAVAILABLE, "NOT_READY", 2.0)
        await server.show(snapshot())
        with pytest.raises(grpc.aio.AioRpcError) as wrong:
            await market.stub.GetConfluence(api.GetConfluenceRequest(symbol="btc"))
        why = failure(wrong.value)
        assert why.reason == "INVALID_FIELD"
        assert [(each.field, "'btc'" in each.description) for each in why.violations] == [("symbol", True)]
        assert why.request_id
    async with connect("127.0.0.1:1") as nobody:
        with pytest.raises(grpc.aio.AioRpcError) as none:
            await nobody.stub.GetOverview(api.GetOverviewRequest())
        assert (failure(none.value).code, failure(none.value).reason) == (grpc.StatusCode.UNAVAILABLE, "")


def check(dashboard: Dashboard, whole: api.GetDashboardResponse) -> None:
    """Assert that both have the same content in the same order."""
    assert list(dashboard.rows) == list(whole.rows)
    assert (list(dashboard.gainers), list(dashboard.losers)) == (list(whole.gainers), list(whole.losers))
    assert (dashboard.overview, dashboard.provenance) == (whole.overview, whole.provenance)


async def test_a_watched_dashboard_equals_get_dashboard_after_changes_and_failures() -> None:
    async with running_server() as one, connect(one.address, health_service=None) as market, AsyncExitStack() as later:
        await one.show(snapshot(details=False))
        stream = market.watch_dashboard()
        assert stream.connection == Connection(State.CONNECTING)
        for step in range(1, 9):
            dashboard = await anext(stream)
            check(dashboard, await market.stub.GetDashboard(api.GetDashboardRequest()))
            assert stream.connection == Connection(State.LIVE)
            if step == 4:
                await one.server.drain(0.1)
                following = asyncio.ensure_future(anext(stream))
                await until(lambda: stream.connection.state is State.LOST)
                why = stream.connection.failure
                assert why is not None
                assert why.code is grpc.StatusCode.UNAVAILABLE
                await later.enter_async_context(server_restarted(one))
                assert (await following).rows == dashboard.rows
            rows = [row(f"C{i}USDT", None if i == step else 10.0 * i, price=1.0 + step) for i in range(step % 3, 9)]
            await one.show(snapshot(f"n{step}", observed_ms=T0 + step, rows=rows, details=False))
        await stream.aclose()


async def test_a_watched_dashboard_has_only_the_rows_of_its_symbols_also_after_a_resume() -> None:
    async with running_server() as one, running_server() as other, connect(one.address, other.address) as market:
        await one.show(snapshot())
        async with aclosing(market.watch_dashboard(["BTCUSDT", "ETHUSDT"], min_interval_s=1.5)) as stream:
            dashboard = await anext(stream)
            assert {row.symbol for row in dashboard.rows} == {"BTCUSDT", "ETHUSDT"}
            await other.show(snapshot("s2", observed_ms=T0 + 1000))
            await one.server.drain(0.1)
            while dashboard.provenance.snapshot_id != "s2":
                dashboard = await anext(stream)
            assert {row.symbol for row in dashboard.rows} == {"BTCUSDT", "ETHUSDT"}


async def test_the_age_grows_between_messages() -> None:
    async with running_server() as one, connect(one.address) as market:
        await one.show(snapshot())
        async with aclosing(market.watch_dashboard()) as stream:
            dashboard = await anext(stream)
        first = dashboard.age_s
        await asyncio.sleep(0.05)
        assert first + 0.05 <= dashboard.age_s < first + 5
        assert dashboard.provenance.environment == provenance_pb2.ENVIRONMENT_SIMULATED
        assert dashboard.row("BTCUSDT") == dashboard.rows[[each.symbol for each in dashboard.rows].index("BTCUSDT")]
        assert dashboard.row("NOSUCHUSDT") is None


async def test_a_stream_resumes_on_another_server() -> None:
    async with running_server() as one, running_server() as other, connect(one.address, other.address) as market:
        await one.show(snapshot())
        async with aclosing(market.watch_dashboard()) as stream:
            await anext(stream)
            await other.show(snapshot())
            await one.server.drain(0.1)
            await other.show(snapshot("s2", observed_ms=T0 + 1000))
            seen = ""
            while seen != "s2":
                seen = (await anext(stream)).provenance.snapshot_id


async def test_a_silent_stream_is_replaced_by_a_new_call() -> None:
    async with running_server() as one, connect(one.address) as market:
        await one.show(snapshot())
        async with aclosing(DashboardStream(market.stub, silence_s=0.3)) as stream:
            first = await anext(stream)
            following = asyncio.ensure_future(anext(stream))
            await until(lambda: stream.connection.state is State.LOST)
            assert str(stream.connection.failure) == "DEADLINE_EXCEEDED: no message for 0.3 s"
            await one.show(snapshot("s2", observed_ms=T0 + 1000))
            assert (await following).provenance.snapshot_id == "s2" != first.provenance.snapshot_id


async def test_a_full_server_is_retried_after_the_time_that_it_requests() -> None:
    async with running_server(limits=ConcurrencyLimits(streams=1)) as one, connect(one.address) as market:
        await one.show(snapshot())
        first, second = market.watch_dashboard(), market.watch_dashboard()
        await anext(first)
        waiting = asyncio.ensure_future(anext(second))
        await until(lambda: second.connection.state is State.LOST)
        assert second.connection.failure is not None
        assert (second.connection.failure.reason, second.connection.failure.retry_s) == ("TOO_MANY_STREAMS", 10.0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await first.aclose()


async def test_a_permanent_error_is_raised() -> None:
    async with running_server() as one, connect(one.address) as market:
        await one.show(snapshot())
        stream = market.watch_alerts("not a cursor")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await anext(stream)
        assert failure(refused.value).violations[0].field == "cursor"
        assert stream.connection.failure == failure(refused.value)


async def test_each_alert_comes_once_across_a_reconnect(tmp_path: Path) -> None:
    async with (
        server_with_history(sqlite_url(tmp_path)) as memory,
        connect(memory.market.address, health_service=None) as market,
    ):
        await memory.market.show(snapshot())
        await memory.add_numbered_alerts(1, 3)
        stream = market.watch_alerts("0")
        got = [(await anext(stream)).text for _ in range(3)]
        await memory.market.server.drain(0.1)
        following = asyncio.ensure_future(anext(stream))
        await until(lambda: stream.connection.state is State.LOST)
        await memory.add_numbered_alerts(4, 2)
        async with server_restarted(memory.market, history_opener(memory.url)):
            got += [(await following).text, (await anext(stream)).text]
            resumed = market.watch_alerts(stream.cursor)
            await memory.add_numbered_alerts(6, 1)
            got.append((await anext(resumed)).text)
        assert got == numbered_texts(1, 6)


async def test_a_cancelled_stream_leaves_no_open_call() -> None:
    async with running_server() as one, connect(one.address) as market:
        await one.show(snapshot())
        stream = market.watch_dashboard()
        await anext(stream)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await until(lambda: one.server._rpcs.streams.count == 0)


async def test_a_server_with_tls_is_trusted_by_its_own_roots_only(tmp_path: Path) -> None:
    certificate, key = (Path(path).read_bytes() for path in certify(tmp_path))
    secret = grpc.ssl_server_credentials([(key, certificate)])
    async with running_server() as one:
        await one.show(snapshot())
        server = MarketServer(
            "127.0.0.1:0", one.cache, RequestReaders(one.source, keys, max_stale_s=600), credentials=secret
        )
        address = f"localhost:{await server.start()}"
        try:
            async with connect(address, credentials=grpc.ssl_channel_credentials(certificate)) as market:
                assert (await market.stub.GetOverview(api.GetOverviewRequest())).provenance.snapshot_id == "s1"
            async with connect(address, credentials=grpc.ssl_channel_credentials()) as distrusting:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await distrusting.stub.GetOverview(api.GetOverviewRequest())
                assert failure(refused.value).reason == ""
            assert await table("--addr", address, "--ca", str(tmp_path / "certificate.pem")) == (0, "SIMULATED")
            assert await table("--addr", address, "--tls") == (2, "")
        finally:
            await server.drain(0.1)


async def table(*words: str) -> tuple[int | None, str]:
    """Return the exit code of `virtuoso top --once`, and the first word of its output."""
    command = (sys.executable, "-m", "virtuoso", "top", "--once", *words)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, cwd=ROOT)
    out, _ = await process.communicate()
    return process.returncode, out.decode().partition(" ")[0]


def test_the_error_for_invalid_addresses_says_what_is_expected() -> None:
    for addresses, words in (
        ((), "no address"),
        (("a:1", "b:1"), "'a:1': each of several addresses must be an IP address and a port"),
        (("127.0.0.1:1", "[::1]:1"), "expected all IPv4 or all IPv6"),
        (("127.0.0.1:1", "127.0.0.1:99999"), "'127.0.0.1:99999'"),
    ):
        with pytest.raises(ValueError, match=words.replace("[", r"\[")):
            connect(*addresses)
