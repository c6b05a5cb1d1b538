"""A stream of the dashboard: a snapshot first, then the changes."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import grpc
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, mover, row, rows_of, snapshot
from virtuoso.market.v1 import confluence_pb2, market_service_pb2_grpc, provenance_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.service.shown import shown
from virtuoso.wire import times


class Screen:
    """The state of a client that follows the contract."""

    def __init__(self) -> None:
        self.rows: dict[str, confluence_pb2.ConfluenceRow] = {}
        self.shown = api.DashboardSnapshot()
        self.token = ""
        self.kinds: list[str] = []
        self.provenance = provenance_pb2.Provenance()

    def apply(self, message: api.WatchDashboardResponse) -> None:
        kind = str(message.WhichOneof("event"))
        self.kinds.append(kind)
        self.token, self.provenance = message.resume_token, message.provenance
        if kind == "snapshot":
            self.rows = {item.symbol: item for item in message.snapshot.rows}
            self.shown = message.snapshot
        elif kind == "delta":
            if message.delta.HasField("overview"):
                self.shown.overview.CopyFrom(message.delta.overview)
            for item in message.delta.changed_rows:
                self.rows[item.symbol] = item
            for symbol in message.delta.removed_symbols:
                del self.rows[symbol]
            self.movers = (list(message.delta.gainers), list(message.delta.losers))

    def ordered(self) -> list[confluence_pb2.ConfluenceRow]:
        return sorted(self.rows.values(), key=lambda r: (not r.HasField("score"), -r.score, r.symbol))


async def test_a_stream_begins_with_the_whole_dashboard(server: RunningServer) -> None:
    await server.show(snapshot())
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest())
    first = await stream.read()
    whole = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert first.provenance == whole.provenance
    assert (first.snapshot.overview, first.snapshot.rows) == (whole.overview, whole.rows)
    assert (first.snapshot.gainers, first.snapshot.losers) == (whole.gainers, whole.losers)
    assert first.resume_token
    stream.cancel()


ROWS = st.dictionaries(
    st.sampled_from([f"C{i}USDT" for i in range(8)]),
    st.tuples(st.none() | st.sampled_from([10.0, 50.0, 90.0]), st.sampled_from([1.0, 2.0])),
    min_size=1,
)


@settings(max_examples=15)
@given(st.lists(ROWS, min_size=2, max_size=5), st.integers(0, 3))
async def test_deltas_applied_one_after_another_give_the_dashboard(
    markets: list[dict[str, tuple[float | None, float]]], break_after: int
) -> None:
    async with running_server() as one:
        await one.show(snapshot("ready", observed_ms=T0 - 1000))
        screen = Screen()
        stream = one.stub.WatchDashboard(api.WatchDashboardRequest())
        screen.apply(await stream.read())
        for step, market in enumerate(markets):
            rows = [row(symbol, score, price=price) for symbol, (score, price) in market.items()]
            message = snapshot(f"s{step}", observed_ms=T0 + step, rows=rows)
            message.gainers.insert(0, mover("TOPUSDT", 90.0 + step))
            await one.show(message)
            screen.apply(await stream.read())
            whole = await one.stub.GetDashboard(api.GetDashboardRequest())
            assert screen.ordered() == list(whole.rows)
            assert screen.movers == (list(whole.gainers), list(whole.losers))
            assert screen.shown.overview == whole.overview
            if step == break_after:
                stream.cancel()
                stream = one.stub.WatchDashboard(api.WatchDashboardRequest(resume_token=screen.token))
                screen.apply(await stream.read())
                assert screen.ordered() == list(whole.rows)
        stream.cancel()
        assert set(screen.kinds[1:]) == {"delta"}


async def test_a_delta_has_only_changes(server: RunningServer) -> None:
    await server.show(snapshot())
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest())
    await stream.read()
    message = snapshot("s2", observed_ms=T0)
    message.provenance.observed_time.FromMilliseconds(T0 + 1)
    message.confluences[3].price = 99.5
    await server.show(message)
    delta = (await stream.read()).delta
    assert list(delta.changed_rows) == [shown(rows_of(message)[3])]
    assert not delta.removed_symbols
    assert not delta.HasField("overview")
    stream.cancel()


async def test_a_broken_stream_resumes_with_the_missed_changes(server: RunningServer) -> None:
    await server.show(snapshot())
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest())
    screen = Screen()
    screen.apply(await stream.read())
    stream.cancel()
    for step in range(1, 4):
        await server.show(snapshot(f"n{step}", observed_ms=T0 + step * 1000))
    again = server.stub.WatchDashboard(api.WatchDashboardRequest(resume_token=screen.token))
    screen.apply(await again.read())
    whole = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert screen.kinds == ["snapshot", "delta"]
    assert screen.ordered() == list(whole.rows)
    again.cancel()


async def test_a_stream_has_only_the_rows_of_its_symbols(server: RunningServer) -> None:
    await server.show(snapshot())
    wanted = ["ETHUSDT", "BTCUSDT", "NONEUSDT", "PEPE1000USDT"]  # the third is unknown, the fourth has another name here
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest(symbols=wanted))
    screen = Screen()
    screen.apply(await stream.read())
    whole = await server.stub.GetDashboard(api.GetDashboardRequest())
    names = {"BTCUSDT", "ETHUSDT", "1000PEPEUSDT"}
    assert screen.ordered() == [row for row in whole.rows if row.symbol in names]
    assert screen.shown.overview == whole.overview
    assert screen.shown.gainers == whole.gainers
    for step in range(1, 3):
        await server.show(snapshot(f"n{step}", observed_ms=T0 + step * 1000))
        screen.apply(await stream.read())
        whole = await server.stub.GetDashboard(api.GetDashboardRequest())
        assert screen.ordered() == [row for row in whole.rows if row.symbol in names]
    assert screen.kinds == ["snapshot", "delta", "delta"]
    stream.cancel()


async def test_a_selected_symbol_that_is_no_longer_tracked_disappears_and_comes_back(server: RunningServer) -> None:
    rows = [row(f"C{i}USDT", 50.0 + i) for i in range(4)]
    await server.show(snapshot("all", rows=rows))
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest(symbols=["C0USDT", "C1USDT"]))
    screen = Screen()
    for step, market in enumerate((rows, rows[1:], rows[1:3], rows), start=1):
        await server.show(snapshot(f"n{step}", observed_ms=T0 + step, rows=market))
        while screen.provenance.snapshot_id != f"n{step}":
            screen.apply(await stream.read())
        assert set(screen.rows) == {"C0USDT", "C1USDT"} & {item.symbol for item in market}
    stream.cancel()


async def test_a_token_is_valid_for_the_same_symbols_only(server: RunningServer) -> None:
    await server.show(snapshot())

    async def first(token: str, symbols: tuple[str, ...]) -> api.WatchDashboardResponse:
        stream = server.stub.WatchDashboard(api.WatchDashboardRequest(resume_token=token, symbols=symbols))
        message: api.WatchDashboardResponse = await stream.read()
        stream.cancel()
        return message

    all_rows, two = (await first("", ())).resume_token, (await first("", ("BTCUSDT", "ETHUSDT"))).resume_token
    await server.show(snapshot("s2", observed_ms=T0 + 1000))
    assert (await first(all_rows, ())).WhichOneof("event") == "delta"
    assert (await first(two, ("ETHUSDT", "BTCUSDT"))).WhichOneof("event") == "delta"
    for token, symbols in ((all_rows, ("BTCUSDT",)), (two, ()), (two, ("BTCUSDT",))):
        assert (await first(token, symbols)).WhichOneof("event") == "snapshot"


async def test_an_interval_or_a_list_outside_the_limits_is_refused(server: RunningServer) -> None:
    await server.show(snapshot())
    for request in (
        api.WatchDashboardRequest(min_interval=times.duration(999)),
        api.WatchDashboardRequest(min_interval=times.duration(60_001)),
        api.WatchDashboardRequest(symbols=["BTCUSDT"] * 501),
        api.WatchDashboardRequest(symbols=["SYSTEM_STATUS"]),
    ):
        refused = await refusal(server.stub.WatchDashboard(request).read())
        assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")


async def test_many_streams_with_different_symbols_share_one_change(server: RunningServer) -> None:
    await server.show(snapshot(size=200, details=False))
    rows = rows_of(snapshot(size=200, details=False))
    names, constant = [item.symbol for item in rows], {item.symbol for item in rows if not item.HasField("score")}
    wanted = [frozenset(names[i : i + 20]) for i in range(150)]
    streams = [server.stub.WatchDashboard(api.WatchDashboardRequest(symbols=sorted(each))) for each in wanted]
    await asyncio.gather(*(stream.read() for stream in streams))
    await server.show(snapshot("s2", observed_ms=T0 + 3000, size=200, details=False))
    for each, message in zip(wanted, await asyncio.gather(*(stream.read() for stream in streams)), strict=True):
        assert message.WhichOneof("event") == "delta"
        assert {item.symbol for item in message.delta.changed_rows} == each - constant
    for stream in streams:
        stream.cancel()


async def test_an_unknown_or_old_resume_token_gives_a_whole_dashboard(server: RunningServer) -> None:
    await server.show(snapshot())
    for token in ("garbage", "Z29uZQ", "ä", "=" * 9):
        stream = server.stub.WatchDashboard(api.WatchDashboardRequest(resume_token=token))
        assert (await stream.read()).WhichOneof("event") == "snapshot"
        stream.cancel()


async def test_heartbeats_have_the_current_age() -> None:
    async with running_server(heartbeat_s=0.05) as one:
        await one.show(snapshot())
        stream = one.stub.WatchDashboard(api.WatchDashboardRequest())
        first = await stream.read()
        one.clock.advance(5)
        beat = asyncio.ensure_future(stream.read())
        while not beat.done():
            one.cache.tick()
            await asyncio.sleep(0.005)
        message = beat.result()
        assert message.WhichOneof("event") == "heartbeat"
        assert message.provenance.age.seconds == 5
        assert message.resume_token == first.resume_token
        stream.cancel()


async def test_a_stream_reports_stale_data_immediately(server: RunningServer) -> None:
    await server.show(snapshot())
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest())
    await stream.read()
    server.after(31)
    message = await stream.read()
    assert message.WhichOneof("event") == "heartbeat"
    assert message.provenance.stale
    stream.cancel()


async def test_a_stream_ends_with_a_reason_when_the_data_is_too_old(server: RunningServer) -> None:
    await server.show(snapshot())
    stream = server.stub.WatchDashboard(api.WatchDashboardRequest())
    await stream.read()
    server.after(601)
    refused = await refusal(stream.read())
    assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "DATA_UNAVAILABLE", 5)


async def test_a_stalled_reader_delays_nobody_and_continues_with_the_newest_state(server: RunningServer) -> None:
    options = [("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(server.address, options=options) as slow_channel:
        await server.show(snapshot("n0", size=500, details=False))
        slow_stub: Any = market_service_pb2_grpc.MarketServiceStub(slow_channel)
        stalled = slow_stub.WatchDashboard(api.WatchDashboardRequest())
        lively = server.stub.WatchDashboard(api.WatchDashboardRequest())
        slow, quick = Screen(), Screen()
        slow.apply(await stalled.read())
        quick.apply(await lively.read())
        news = 40
        for step in range(1, news + 1):
            await server.show(snapshot(f"n{step}", observed_ms=T0 + step * 1000, size=500, details=False))
            quick.apply(await lively.read())
        assert len(quick.kinds) == news + 1
        while slow.provenance.snapshot_id != f"n{news}":
            slow.apply(await stalled.read())
        assert len(slow.kinds) < news / 2, "intermediate states are skipped"
        whole = await server.stub.GetDashboard(api.GetDashboardRequest())
        assert slow.ordered() == quick.ordered() == list(whole.rows)
        stalled.cancel()
        lively.cancel()


async def test_many_streams_get_the_same_messages(server: RunningServer) -> None:
    await server.show(snapshot())
    streams = [server.stub.WatchDashboard(api.WatchDashboardRequest()) for _ in range(200)]
    firsts = await asyncio.gather(*(stream.read() for stream in streams))
    await server.show(snapshot("s2", observed_ms=T0 + 3000))
    seconds = await asyncio.gather(*(stream.read() for stream in streams))
    assert {message.WhichOneof("event") for message in firsts} == {"snapshot"}
    assert all(a == b for a, b in itertools.pairwise(seconds))
    assert seconds[0].provenance.snapshot_id == "s2"
    for stream in streams:
        stream.cancel()
    while server.server._rpcs.streams.count:
        await asyncio.sleep(0)
