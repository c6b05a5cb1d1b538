"""A replayed recording gives the same scores, byte for byte. A server serves a recording as if its data were current."""

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
from virtuoso.history.factory import open_history_reader
from virtuoso.market.v1 import candle_pb2, market_service_pb2_grpc, provenance_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules
from virtuoso.recording.check import check
from virtuoso.recording.contents import describe
from virtuoso.recording.file import RECORDING_KEY, RecordingFile, read
from virtuoso.recording.play import play
from virtuoso.recording.record import RecordedExchange, Recorder, record
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.server import MarketServer
from virtuoso.service.snapshot_cache import SnapshotCache
from virtuoso.wire import times

pytestmark = pytest.mark.timeout(300)

VENUES = ("bybit", "binance")
SYMBOLS = 12
MAX_BYTES = 1 << 30


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def record_session(path: Path, url: str, *steps: tuple[str, int, Callable[[], Any]]) -> int:
    """Record a session and return the exit code. Each step waits for a number of snapshots of a venue, then calls a
    function."""
    file, rules = RecordingFile(path, max_bytes=MAX_BYTES), UniverseRules(SYMBOLS)
    recorder = Recorder(file, venues=VENUES, rules=rules, clock=SYSTEM_CLOCK)
    exchanges = {venue: RecordedExchange(venue, recorder, url=url) for venue in VENUES}
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
        observer=recorder,
    )
    stop = asyncio.Event()

    async def run_steps() -> None:
        for venue, count, then in steps:
            while recorder.snapshots[venue] < count:
                await asyncio.sleep(0.1)
            await asyncio.to_thread(then)
        stop.set()

    running = asyncio.create_task(run_steps())
    try:
        return await record(recorder, file, collector.run(), stop=stop, minutes=1.5)
    finally:
        running.cancel()
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close())


@pytest.fixture(scope="module")
def recording(replay_server: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of two sessions. During the first session bybit begins to refuse this location. The second session
    is short. Tests must not write to the file."""
    path = tmp_path_factory.mktemp("recordings") / "market.recording"
    replay_server.fault("ok")
    try:

        def block() -> None:
            replay_server.fault("html_403", "bybit")

        steps = [("bybit", 3, block), ("binance", 2, lambda: None)]
        assert asyncio.run(record_session(path, replay_server.url, *steps)) == 0
    finally:
        replay_server.fault("ok")
    assert asyncio.run(record_session(path, replay_server.url, ("bybit", 1, lambda: None))) == 0
    return path


def rewritten(path: Path, events: Sequence[Any]) -> Path:
    """Write a recording of these events, and return its path."""
    file = RecordingFile(path, max_bytes=MAX_BYTES)
    assert file.append(events)
    file.close()
    return path


def session(path: Path, number: int) -> list[dict[str, Any]]:
    """Return the events of one session. The first session is number 0."""
    sessions: list[list[dict[str, Any]]] = []
    for event in read(path):
        if RECORDING_KEY in event:
            sessions.append([])
        sessions[-1].append(dict(event))
    return sessions[number]


@pytest.fixture
def short(recording: Path, tmp_path: Path) -> Path:
    """Return the recording up to its second published snapshot: a few seconds of bybit."""
    events = session(recording, 0)
    ends = [i for i, event in enumerate(events) if "published" in event]
    return rewritten(tmp_path / "short.recording", events[: ends[1] + 1])


async def test_every_snapshot_is_reproduced_byte_for_byte_even_after_a_change_of_venue(recording: Path) -> None:
    digests = [event["digest"] for event in read(recording) if "scored" in event]
    published = [event["venue"] for event in read(recording) if "published" in event]
    assert len(set(digests)) == len(digests)
    assert set(published) == {"bybit", "binance"}
    assert any(event.get("op") == "premiums" and event["replies"] for event in read(recording))
    assert {event["trading"] for event in read(recording) if "pass" in event} == {True, False}
    code, message = await check(recording)
    assert code == 0, message
    assert message.startswith(f"{len(digests)} snapshots of ")
    assert message.endswith(" seconds, bybit, binance: all are the same, byte for byte")
    assert await check(recording) == (code, message)


async def test_a_check_uses_no_network(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(_: Any, address: Any, *__: Any) -> None:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert (await check(short))[0] == 0
    assert asked == []


async def test_a_changed_price_is_detected_and_the_message_has_the_snapshot(recording: Path, tmp_path: Path) -> None:
    events = session(recording, 0)
    scored = [event for event in events if "scored" in event]
    changed = [i for i, event in enumerate(events) if event.get("op") == "tickers"][3]
    reply = events[changed]["replies"][0]
    body = json.loads(reply[3])
    row = next(row for row in body["result"]["list"] if row["symbol"] == "BTCUSDT")
    row["lastPrice"] = str(float(row["lastPrice"]) + 0.1)
    reply[3] = json.dumps(body)
    code, message = await check(rewritten(tmp_path / "other.recording", events))
    first = next(event for event in events[changed:] if "scored" in event)
    assert code == 1
    assert f"snapshot {first['id']} of" in message
    assert f"after {scored.index(first)} that are the same" in message


async def test_a_missing_reply_is_detected(recording: Path, tmp_path: Path) -> None:
    events = session(recording, 0)
    events.remove(next(event for event in events if event.get("op") == "book" and event["replies"]))
    assert (await check(rewritten(tmp_path / "other.recording", events)))[0] == 1


async def test_an_incomplete_end_is_ignored_and_a_changed_byte_is_detected(recording: Path, tmp_path: Path) -> None:
    whole, cut = recording.read_bytes(), tmp_path / "cut.recording"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    code, message = await check(cut)
    assert code == 0, message
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    cut.write_bytes(damaged)
    code, message = await check(cut)
    assert code == 1
    assert "is damaged after byte" in message
    assert "is damaged after byte" in describe(cut)


async def test_a_recording_of_another_model_is_not_compared(recording: Path, tmp_path: Path) -> None:
    events = session(recording, 1)
    events[0]["model"] = "v0"
    code, message = await check(rewritten(tmp_path / "old.recording", events))
    assert code == 1
    assert "recorded with model v0" in message


def test_a_recording_is_described(recording: Path) -> None:
    message = describe(recording)
    replies = sum(len(event.get("replies", ())) for event in read(recording))
    assert message.startswith(f"{recording}: 2 sessions, {recording.stat().st_size / 1e6:.1f} MB")
    counts = [int(word.split()[-2]) for word in message.split(" replies")[:-1] for word in [f"{word} x"]]
    assert sum(counts) == replies
    assert message.count("venues bybit, binance") == 2
    assert " of bybit, " in message
    assert " of binance" in message


@dataclass
class Served:
    """A real server of a recording that is being played."""

    stub: Any
    cache: SnapshotCache
    playing: asyncio.Task[int]

    async def dashboard(self) -> api.GetDashboardResponse:
        reply: api.GetDashboardResponse = await self.stub.GetDashboard(api.GetDashboardRequest(), timeout=10)
        return reply


@contextlib.asynccontextmanager
async def serving(path: Path, *, once: bool = False) -> AsyncIterator[Served]:
    repository, stop = MemoryRepository(), asyncio.Event()
    source = TieredRepository([repository])
    cache = SnapshotCache(source, keys, max_stale_s=600, period_s=0.1)
    server = MarketServer("127.0.0.1:0", cache, RequestReaders(source, keys, max_stale_s=600, cache_s=0.1))
    port = await server.start()
    await cache.start()
    playing = asyncio.create_task(play(path, repository, stop=stop, max_stale_s=600, once=once))
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    try:
        async with asyncio.timeout(15):
            while not cache.ready:
                await cache.next_tick()
        yield Served(market_service_pb2_grpc.MarketServiceStub(channel), cache, playing)
        stop.set()
        assert await playing == 0
    finally:
        stop.set()
        playing.cancel()
        await asyncio.wait({playing})
        await channel.close(None)
        await server.drain(0.1)
        await cache.close()
        await source.close()


async def test_a_recording_is_played_repeatedly_while_streams_and_charts_continue(short: Path) -> None:
    published = [event["published"] for event in read(short) if "published" in event]
    bodies: dict[str, bytes] = {}
    screen, seen = Screen(), list[str]()
    async with serving(short) as served:
        stream = served.stub.WatchDashboard(api.WatchDashboardRequest())
        async with asyncio.timeout(40):
            while seen.count(published[0]) < 2:
                screen.apply(await stream.read())
                reply = await served.dashboard()
                provenance = reply.provenance
                assert provenance.environment == provenance_pb2.ENVIRONMENT_REPLAY
                assert not provenance.stale
                assert provenance.age.ToMilliseconds() < 10_000
                if not seen or seen[-1] != provenance.snapshot_id:
                    seen.append(provenance.snapshot_id)
                if screen.provenance.snapshot_id == provenance.snapshot_id:
                    assert screen.ordered() == list(reply.rows)
                reply.ClearField("provenance")
                body = reply.SerializeToString(deterministic=True)
                assert bodies.setdefault(provenance.snapshot_id, body) == body
                bars = await served.stub.ListCandles(
                    api.ListCandlesRequest(symbol="BTCUSDT", timeframe=candle_pb2.TIMEFRAME_1M), timeout=10
                )
                assert bars.provenance.environment == provenance_pb2.ENVIRONMENT_REPLAY
                assert not bars.provenance.stale
                assert times.millis(bars.candles[-1].open_time) < times.millis(provenance.observed_time)
        stream.cancel()
    assert set(seen) == set(published)
    assert seen == [*published, published[0]]
    assert screen.kinds.count("snapshot") == 1


async def test_a_recording_plays_at_its_original_speed_without_the_gap_between_sessions(
    recording: Path, short: Path, tmp_path: Path
) -> None:
    events = [*read(short), *session(recording, 1)]
    published = [event for event in events if "published" in event]
    gap_ms = published[2]["at"] - published[1]["at"]
    end = next(i for i, event in enumerate(events) if event is published[2])
    seen = dict[str, int]()
    async with serving(rewritten(tmp_path / "two.recording", events[: end + 1]), once=True) as served, asyncio.timeout(40):
        while len(seen) < 3:
            seen.setdefault((await served.dashboard()).provenance.snapshot_id, now_ms())
            await served.cache.next_tick()
        assert await served.playing == 0
    assert list(seen) == [event["published"] for event in published[:3]]
    first, second, third = seen.values()
    assert second - first > published[1]["at"] - published[0]["at"] - 1000
    assert third - second < gap_ms / 2


async def test_a_recording_that_is_played_twice_is_stored_in_the_history_once(short: Path, tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/history.db"
    for _ in range(2):
        async with history_recorder(url, VENUES, days=(30, 365), clock=SYSTEM_CLOCK) as history_writer:
            assert (
                await play(
                    short, MemoryRepository(), history=history_writer, stop=asyncio.Event(), max_stale_s=600, once=True
                )
                == 0
            )
    history = open_history_reader(url, timeout_s=20)
    first = next(event for event in read(short) if event.get("trading"))
    span = {"start_ms": first["at"] - 60_000, "end_ms": first["at"] + 600_000, "step_ms": 1}
    points = await history.score_points("bybit", "BTCUSDT", **span)
    minutes = [point.observed_ms // 60_000 for point in points]
    assert points
    assert minutes == sorted(set(minutes))
    stored = [(alert.key, alert.observed_ms) for alert in await history.alerts(limit=1000)]
    assert len(stored) == len(set(stored))
    await history.close()


async def test_a_recording_without_a_published_snapshot_is_refused(recording: Path, tmp_path: Path) -> None:
    events = session(recording, 1)
    early = rewritten(
        tmp_path / "early.recording", events[: next(i for i, event in enumerate(events) if "published" in event)]
    )
    async with asyncio.timeout(20):
        with pytest.raises(ConfigError, match="no published snapshot"):
            await play(early, MemoryRepository(), stop=asyncio.Event(), max_stale_s=600)
