"""Which snapshot is served, how it is marked, and that nothing broken ever replaces it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.service.snapshots import T0, TTL_S, Bench, Clock, bench, head_of, refusal, snapshot
from virtuoso import metrics
from virtuoso.domain.errors import RepositoryError
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import provenance_pb2, snapshot_pb2
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service.snapshot_cache import SnapshotCache


async def served(server: Bench) -> provenance_pb2.Provenance:
    reply: api.GetDashboardResponse = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert reply.rows
    return reply.provenance


async def test_data_is_marked_stale_half_a_minute_after_the_exchanges_clock(server: Bench) -> None:
    await server.show(snapshot())
    server.after(30)
    assert (await served(server)).path == provenance_pb2.PATH_SNAPSHOT
    server.after(0.001)
    told = await served(server)
    assert told.stale
    assert told.path == provenance_pb2.PATH_STALE_SNAPSHOT
    assert told.fallback_reason == provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT
    assert metrics.SNAPSHOT_AGE._value.get() == pytest.approx(30.001, abs=0.5)
    assert metrics.INPUT_AGE.labels("sentiment")._value.get() == pytest.approx(36.0, abs=0.01)


async def test_data_past_max_stale_is_not_served_and_new_data_is_at_once(server: Bench) -> None:
    await server.show(snapshot())
    server.after(600)
    assert (await served(server)).stale
    server.after(0.001)
    refused = await refusal(server.stub.GetDashboard(api.GetDashboardRequest()))
    assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "DATA_UNAVAILABLE", 5)
    assert server.keeper.readiness()[0] is False
    await server.show(snapshot("s2", observed_ms=server.clock.now_ms, size=3))
    assert (await served(server)).snapshot_id == "s2"
    assert server.keeper.readiness() == (
        True,
        {
            "ready": True,
            "path": "SNAPSHOT",
            "snapshot_id": "s2",
            "venue": "bybit",
            "age_s": pytest.approx(0.0, abs=0.5),
            "scored": 3,
            "expected": 3,
        },
    )


@pytest.mark.parametrize(
    ("expected", "scored", "ready"), [(50, 30, True), (50, 29, False), (5, 5, True), (5, 4, False), (500, 30, True)]
)
async def test_the_first_snapshot_must_be_complete(server: Bench, expected: int, scored: int, ready: bool) -> None:
    message = snapshot(size=expected)
    for item in message.rows[scored:]:
        item.ClearField("score")
    message.provenance.coverage.present = sum(item.HasField("score") for item in message.rows)
    extra = scored - message.provenance.coverage.present
    for item in message.rows:
        if extra > 0 and not item.HasField("score"):
            item.score, extra = 50.0, extra - 1
    message.provenance.coverage.present = scored
    await server.show(message)
    assert server.keeper.ready is ready
    if not ready:
        refused = await refusal(server.stub.GetDashboard(api.GetDashboardRequest()))
        assert refused.reason == "NOT_READY"
        assert f"{scored} of {expected}" in refused.message


async def test_a_later_incomplete_snapshot_is_served(server: Bench) -> None:
    await server.show(snapshot())
    tickers_only = snapshot("s2", observed_ms=T0 + 3000)
    for item in tickers_only.rows:
        item.ClearField("score")
        item.ClearField("confidence")
    tickers_only.provenance.coverage.present = 0
    tickers_only.provenance.ClearField("oldest_input_time")
    await server.show(tickers_only)
    told = await served(server)
    assert (told.snapshot_id, told.coverage.present) == ("s2", 0)


async def test_another_venues_snapshot_is_marked_as_a_fallback_with_its_reason(server: Bench) -> None:
    message = snapshot(venue="binance")
    message.provenance.fallback_from = "bybit"
    message.provenance.fallback_reason = provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED
    await server.show(message)
    told = await served(server)
    assert (told.path, told.venue, told.fallback_from) == (provenance_pb2.PATH_FALLBACK, "binance", "bybit")
    assert told.fallback_reason == provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED
    server.after(31)
    told = await served(server)
    assert told.path == provenance_pb2.PATH_STALE_SNAPSHOT
    assert told.fallback_reason == provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED


async def test_a_venue_that_is_not_the_first_configured_one_is_a_fallback_even_if_nobody_said_why() -> None:
    async with bench(primary_venue="bybit") as one:
        await one.show(snapshot(venue="binance"))
        told = await served(one)
        assert (told.path, told.fallback_from) == (provenance_pb2.PATH_FALLBACK, "bybit")


async def test_the_newest_head_of_all_tiers_wins() -> None:
    near, far, clock = MemoryRepository(), MemoryRepository(), Clock()
    keeper = SnapshotCache(TieredRepository([near, far]), keys, max_stale_s=600, clock=clock)
    for memory, message in ((near, snapshot("old")), (far, snapshot("new", observed_ms=T0 + 5000))):
        blob = message.SerializeToString()
        await memory.set(keys.snapshot(message.provenance.snapshot_id), blob, ttl_s=TTL_S)
        await memory.set(keys.HEAD, head_of(message, blob).SerializeToString(), ttl_s=TTL_S)
    await keeper.poll()
    assert keeper.present().view.id == "new"


async def test_time_does_not_run_backwards_while_the_newer_data_is_fresh(server: Bench) -> None:
    await server.show(snapshot("new", observed_ms=T0))
    behind = snapshot("old", observed_ms=T0 - 2000, venue="binance")
    behind.provenance.computed_time.FromMilliseconds(T0 + 9000)
    await server.show(behind)
    assert (await served(server)).snapshot_id == "new"


async def test_after_an_outage_the_later_computed_snapshot_of_another_venue_is_taken(server: Bench) -> None:
    await server.show(snapshot("bybit-last", observed_ms=T0))
    server.after(40)
    behind = snapshot("binance-first", observed_ms=T0 - 1000, venue="binance")
    behind.provenance.computed_time.FromMilliseconds(server.clock.now_ms)
    await server.show(behind)
    assert (await served(server)).snapshot_id == "binance-first"
    await server.show(snapshot("older", observed_ms=T0 - 5000))
    assert (await served(server)).snapshot_id == "binance-first"


async def test_a_snapshot_from_the_future_has_no_negative_age(server: Bench) -> None:
    await server.show(snapshot(observed_ms=T0 + 7000))
    age = (await served(server)).age.ToMilliseconds()
    assert 0 <= age < 1000


def _torn(blob: bytes) -> bytes:
    return blob[:-20]


def _flipped(blob: bytes) -> bytes:
    return blob[:300] + bytes([blob[300] ^ 1]) + blob[301:]


def _foreign(blob: bytes) -> bytes:
    return b"\x80\x04\x95not ours" * 100


@pytest.mark.parametrize("spoil", [_torn, _flipped, _foreign])
async def test_bytes_that_are_not_what_the_head_announces_are_refused(
    server: Bench, spoil: Callable[[bytes], bytes]
) -> None:
    await server.show(snapshot())
    message = snapshot("s2", observed_ms=T0 + 3000)
    blob = message.SerializeToString()
    await server.publish(message)
    await server.memory.set(keys.snapshot("s2"), spoil(blob), ttl_s=TTL_S)
    await server.poll()
    assert (await served(server)).snapshot_id == "s1"
    await server.memory.set(keys.snapshot("s2"), blob, ttl_s=TTL_S)
    await server.poll()
    assert (await served(server)).snapshot_id == "s2", "what was torn may be whole later"


@pytest.mark.parametrize(
    "head", [b"", b"\xff\xff\xff", b"pickle", snapshot_pb2.SnapshotHead(snapshot_id="x").SerializeToString()]
)
async def test_a_head_that_is_none_changes_nothing(server: Bench, head: bytes) -> None:
    await server.show(snapshot())
    await server.memory.set(keys.HEAD, head, ttl_s=TTL_S)
    await server.poll()
    assert (await served(server)).snapshot_id == "s1"


def _without_venue(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.venue = ""


def _without_time(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.ClearField("received_time")


def _without_environment(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.environment = provenance_pb2.ENVIRONMENT_UNSPECIFIED


def _from_beyond_all_clocks(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.observed_time.seconds = 1 << 60


def _with_too_much_coverage(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.coverage.present = 51


def _without_rows(message: snapshot_pb2.Snapshot) -> None:
    del message.rows[:]


def _with_bad_rows_only(message: snapshot_pb2.Snapshot) -> None:
    for item in message.rows:
        item.price = 0


@pytest.mark.parametrize(
    "spoil",
    [
        _without_venue,
        _without_time,
        _without_environment,
        _from_beyond_all_clocks,
        _with_too_much_coverage,
        _without_rows,
        _with_bad_rows_only,
    ],
)
async def test_a_snapshot_that_cannot_say_where_it_is_from_or_says_nothing_is_refused_whole(
    server: Bench, spoil: Callable[[snapshot_pb2.Snapshot], None]
) -> None:
    await server.show(snapshot())
    message = snapshot("s2", observed_ms=T0 + 3000)
    spoil(message)
    await server.show(message)
    assert (await served(server)).snapshot_id == "s1"
    await server.show(snapshot("s3", observed_ms=T0 + 6000))
    assert (await served(server)).snapshot_id == "s3"


async def test_a_head_whose_snapshot_is_missing_leaves_the_last_one_in_place(server: Bench) -> None:
    await server.show(snapshot())
    message = snapshot("s2", observed_ms=T0 + 3000)
    await server.memory.set(keys.HEAD, head_of(message, b"x").SerializeToString(), ttl_s=TTL_S)
    await server.poll()
    assert (await served(server)).snapshot_id == "s1"


class _Dead:
    async def get(self, key: str) -> bytes | None:
        raise RepositoryError(f"{key}: connection refused")

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        raise RepositoryError(f"{key}: connection refused")


async def test_a_dead_repository_is_the_reason_that_stale_data_gives() -> None:
    held = MemoryRepository()
    clock, message = Clock(), snapshot()
    blob = message.SerializeToString()
    source = TieredRepository([held])
    keeper = SnapshotCache(source, keys, max_stale_s=600, clock=clock)
    await held.set(keys.snapshot("s1"), blob, ttl_s=TTL_S)
    await held.set(keys.HEAD, head_of(message, blob).SerializeToString(), ttl_s=TTL_S)
    await keeper.poll()
    keeper._source = _Dead()
    await keeper.poll()
    clock.pass_s(31)
    keeper.tick()
    told = keeper.present().provenance
    assert told.fallback_reason == provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE


async def test_the_background_loops_find_a_new_snapshot_and_survive_errors(server: Bench) -> None:
    await server.keeper.start()
    try:
        await server.memory.close()  # every read fails from now on
        await server.keeper.next_tick()
        server.memory._closed = False
        await server.publish(snapshot())
        async with asyncio.timeout(5):
            while not server.keeper.ready:
                await server.keeper.next_tick()
    finally:
        await server.keeper.close()
    assert (await served(server)).snapshot_id == "s1"
