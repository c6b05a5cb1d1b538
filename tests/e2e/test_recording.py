"""A recording of the recorded exchanges: the same scores again to the byte, and a server that serves them as today's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.programs import Market
from tests.service.test_dashboard_stream import Screen
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.history_recorder import history_recorder
from virtuoso.collector.lease import Lease
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.model import Environment
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.venues import cadence
from virtuoso.history.open import open_history
from virtuoso.market.v1 import candle_pb2, market_service_pb2_grpc, provenance_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules
from virtuoso.recording.play import check, info, play
from virtuoso.recording.record import RecordedExchange, Recorder, record
from virtuoso.recording.recording import RecordingFile, read
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiers import TieredRepository
from virtuoso.service.candle_reader import CandleReader
from virtuoso.service.server import MarketServer
from virtuoso.service.snapshot_cache import SnapshotCache
from virtuoso.wire import times

pytestmark = pytest.mark.timeout(180)

VENUES = ("bybit", "binance")
SYMBOLS = 12
MOST = 1 << 30


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def recorded(path: Path, url: str, *steps: tuple[str, int, Callable[[], Any]]) -> int:
    """A session in which, step by step, so many snapshots of a venue are published and then something happens; the exit
    code."""
    tape, rules = RecordingFile(path, max_bytes=MOST), UniverseRules(SYMBOLS)
    recording = Recorder(tape, venues=VENUES, rules=rules, clock=SYSTEM_CLOCK)
    exchanges = {venue: RecordedExchange(venue, recording, url=url) for venue in VENUES}
    coingecko, repository = CoinGecko(url), MemoryRepository()
    collector = Collector(
        {venue: Feed(exchange, rules, cadence, SYSTEM_CLOCK) for venue, exchange in exchanges.items()},
        Failover(VENUES, dwell_s=60, clock=SYSTEM_CLOCK),
        repository,
        coingecko,
        Engine(VENUES, Environment.LIVE, clock=SYSTEM_CLOCK),
        lease=Lease(repository, uuid.uuid4().hex[:8], SYSTEM_CLOCK),
        max_stale_s=600,
        clock=SYSTEM_CLOCK,
        observer=recording,
    )
    stop = asyncio.Event()

    async def walk() -> None:
        for venue, count, then in steps:
            while recording.snapshots[venue] < count:
                await asyncio.sleep(0.1)
            await asyncio.to_thread(then)
        stop.set()

    walking = asyncio.create_task(walk())
    try:
        return await record(recording, tape, collector.run(), stop=stop, minutes=1.5)
    finally:
        walking.cancel()
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close())


@pytest.fixture(scope="module")
def tape(replay_server: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions: one in the course of which bybit refuses this location, a short one. Not to be written to."""
    path = tmp_path_factory.mktemp("tapes") / "market.tape"
    replay_server.fault("ok")
    try:

        def block() -> None:
            replay_server.fault("html_403", "bybit")

        steps = [("bybit", 3, block), ("binance", 2, lambda: None)]
        assert asyncio.run(recorded(path, replay_server.url, *steps)) == 0
    finally:
        replay_server.fault("ok")
    assert asyncio.run(recorded(path, replay_server.url, ("bybit", 1, lambda: None))) == 0
    return path


def rewritten(path: Path, events: Sequence[Any]) -> Path:
    """A tape of these events."""
    tape = RecordingFile(path, max_bytes=MOST)
    assert tape.append(events)
    tape.close()
    return path


def session(path: Path, number: int) -> list[dict[str, Any]]:
    """The events of one session, from 0."""
    sessions: list[list[dict[str, Any]]] = []
    for event in read(path):
        if "tape" in event:
            sessions.append([])
        sessions[-1].append(dict(event))
    return sessions[number]


@pytest.fixture
def short(tape: Path, tmp_path: Path) -> Path:
    """The tape up to its second published snapshot: a few seconds of bybit."""
    events = session(tape, 0)
    ends = [i for i, event in enumerate(events) if "published" in event]
    return rewritten(tmp_path / "short.tape", events[: ends[1] + 1])


# ---------------------------------------------------------------------------------------------------- the same again


async def test_every_snapshot_comes_out_again_to_the_byte_also_over_a_change_of_venue(tape: Path) -> None:
    digests = [event["digest"] for event in read(tape) if "scored" in event]
    published = [event["venue"] for event in read(tape) if "published" in event]
    assert len(set(digests)) == len(digests)
    assert set(published) == {"bybit", "binance"}
    assert any(event.get("op") == "premiums" and event["replies"] for event in read(tape))
    assert {event["trading"] for event in read(tape) if "pass" in event} == {True, False}
    code, words = await check(tape)
    assert code == 0, words
    assert words.startswith(f"{len(digests)} snapshots of ")
    assert words.endswith(" seconds, bybit, binance: all the same, byte for byte")
    assert await check(tape) == (code, words)


async def test_nothing_asks_a_network(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(_: Any, address: Any, *__: Any) -> None:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert (await check(short))[0] == 0
    assert asked == []


async def test_another_price_in_one_reply_is_noticed_and_the_snapshot_named(tape: Path, tmp_path: Path) -> None:
    events = session(tape, 0)
    scored = [event for event in events if "scored" in event]
    changed = [i for i, event in enumerate(events) if event.get("op") == "tickers"][3]
    reply = events[changed]["replies"][0]
    body = json.loads(reply[3])
    row = next(row for row in body["result"]["list"] if row["symbol"] == "BTCUSDT")
    row["lastPrice"] = str(float(row["lastPrice"]) + 0.1)
    reply[3] = json.dumps(body)
    code, words = await check(rewritten(tmp_path / "other.tape", events))
    first = next(event for event in events[changed:] if "scored" in event)
    assert code == 1
    assert f"snapshot {first['id']} of" in words
    assert f"after {scored.index(first)} that are the same" in words


async def test_a_missing_reply_is_noticed(tape: Path, tmp_path: Path) -> None:
    events = session(tape, 0)
    events.remove(next(event for event in events if event.get("op") == "book" and event["replies"]))
    assert (await check(rewritten(tmp_path / "other.tape", events)))[0] == 1


async def test_a_torn_end_costs_only_itself_and_a_flipped_byte_in_the_file_is_found(tape: Path, tmp_path: Path) -> None:
    whole, torn = tape.read_bytes(), tmp_path / "torn.tape"
    torn.write_bytes(whole[: len(whole) * 2 // 3])
    code, words = await check(torn)
    assert code == 0, words
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2] ^= 1
    torn.write_bytes(spoilt)
    code, words = await check(torn)
    assert code == 1
    assert "is damaged after byte" in words
    assert "is damaged after byte" in info(torn)


async def test_a_recording_by_another_model_is_said_to_be_one(tape: Path, tmp_path: Path) -> None:
    events = session(tape, 1)
    events[0]["model"] = "v0"
    code, words = await check(rewritten(tmp_path / "old.tape", events))
    assert code == 1
    assert "recorded by model v0" in words


def test_what_is_on_a_tape_is_told(tape: Path) -> None:
    words = info(tape)
    replies = sum(len(event.get("replies", ())) for event in read(tape))
    assert words.startswith(f"{tape}: 2 sessions, {tape.stat().st_size / 1e6:.1f} MB")
    told = [int(word.split()[-2]) for word in words.split(" replies")[:-1] for word in [f"{word} x"]]
    assert sum(told) == replies
    assert words.count("venues bybit, binance") == 2
    assert " of bybit, " in words
    assert " of binance" in words


# ------------------------------------------------------------------------------------------------------------- served


@dataclass
class Served:
    """A real server on what is played."""

    stub: Any
    keeper: SnapshotCache
    playing: asyncio.Task[int]

    async def dashboard(self) -> api.GetDashboardResponse:
        reply: api.GetDashboardResponse = await self.stub.GetDashboard(api.GetDashboardRequest(), timeout=2)
        return reply


@contextlib.asynccontextmanager
async def serving(path: Path, *, once: bool = False) -> AsyncIterator[Served]:
    repository, stop = MemoryRepository(), asyncio.Event()
    source = TieredRepository([repository])
    keeper = SnapshotCache(source, keys, max_stale_s=600, period_s=0.1)
    server = MarketServer("127.0.0.1:0", keeper, CandleReader(source, keys, max_stale_s=600, near_s=0.1))
    port = await server.start()
    await keeper.start()
    playing = asyncio.create_task(play(path, repository, stop=stop, max_stale_s=600, once=once))
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    try:
        async with asyncio.timeout(15):
            while not keeper.ready:
                await keeper.next_tick()
        yield Served(market_service_pb2_grpc.MarketServiceStub(channel), keeper, playing)
        stop.set()
        assert await playing == 0
    finally:
        stop.set()
        playing.cancel()
        await asyncio.wait({playing})
        await channel.close(None)
        await server.drain(0.1)
        await keeper.close()
        await source.close()


async def test_a_played_recording_is_served_moves_and_begins_again_while_streams_and_charts_go_on(short: Path) -> None:
    published = [event["published"] for event in read(short) if "published" in event]
    bodies: dict[str, bytes] = {}
    screen, seen = Screen(), list[str]()
    async with serving(short) as served:
        stream = served.stub.WatchDashboard(api.WatchDashboardRequest())
        async with asyncio.timeout(40):
            while seen.count(published[0]) < 2:
                screen.apply(await stream.read())
                reply = await served.dashboard()
                said = reply.provenance
                assert said.environment == provenance_pb2.ENVIRONMENT_REPLAY
                assert not said.stale
                assert said.age.ToMilliseconds() < 10_000
                if not seen or seen[-1] != said.snapshot_id:
                    seen.append(said.snapshot_id)
                if screen.provenance.snapshot_id == said.snapshot_id:
                    assert screen.ordered() == list(reply.rows)
                reply.ClearField("provenance")
                body = reply.SerializeToString(deterministic=True)
                assert bodies.setdefault(said.snapshot_id, body) == body
                bars = await served.stub.ListCandles(
                    api.ListCandlesRequest(symbol="BTCUSDT", timeframe=candle_pb2.TIMEFRAME_1M), timeout=2
                )
                assert bars.provenance.environment == provenance_pb2.ENVIRONMENT_REPLAY
                assert not bars.provenance.stale
                assert times.millis(bars.candles[-1].open_time) < times.millis(said.observed_time)
        stream.cancel()
    assert set(seen) == set(published)
    assert seen == [*published, published[0]]
    assert screen.kinds.count("snapshot") == 1


async def test_it_plays_at_the_pace_of_the_market_and_jumps_over_the_gap_between_sessions(
    tape: Path, short: Path, tmp_path: Path
) -> None:
    events = [*read(short), *session(tape, 1)]
    published = [event for event in events if "published" in event]
    gap_ms = published[2]["at"] - published[1]["at"]
    end = next(i for i, event in enumerate(events) if event is published[2])
    seen = dict[str, int]()
    async with serving(rewritten(tmp_path / "two.tape", events[: end + 1]), once=True) as served, asyncio.timeout(40):
        while len(seen) < 3:
            seen.setdefault((await served.dashboard()).provenance.snapshot_id, now_ms())
            await served.keeper.next_tick()
        assert await served.playing == 0
    assert list(seen) == [event["published"] for event in published[:3]]
    first, second, third = seen.values()
    assert second - first > published[1]["at"] - published[0]["at"] - 1000
    assert third - second < gap_ms / 2


async def test_what_a_played_recording_brings_is_kept_once_however_often_it_is_played(short: Path, tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/history.db"
    for _ in range(2):
        async with history_recorder(url, VENUES, days=(30, 365), clock=SYSTEM_CLOCK) as journal:
            assert (
                await play(short, MemoryRepository(), journal=journal, stop=asyncio.Event(), max_stale_s=600, once=True) == 0
            )
    history = open_history(url, write=False, timeout_s=20)
    first = next(event for event in read(short) if event.get("trading"))
    span = {"start_ms": first["at"] - 60_000, "end_ms": first["at"] + 600_000, "step_ms": 1}
    points = await history.score_points("bybit", "BTCUSDT", **span)
    minutes = [point.observed_ms // 60_000 for point in points]
    assert points
    assert minutes == sorted(set(minutes))
    told = [(alert.key, alert.observed_ms) for alert in await history.alerts(limit=1000)]
    assert len(told) == len(set(told))
    await history.close()


async def test_a_recording_without_a_snapshot_is_said_to_have_none(tape: Path, tmp_path: Path) -> None:
    events = session(tape, 1)
    early = rewritten(tmp_path / "early.tape", events[: next(i for i, event in enumerate(events) if "published" in event)])
    async with asyncio.timeout(20):
        with pytest.raises(ConfigError, match="no snapshot was published"):
            await play(early, MemoryRepository(), stop=asyncio.Event(), max_stale_s=600)
