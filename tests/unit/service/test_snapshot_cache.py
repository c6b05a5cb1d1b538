"""Which snapshot is served and how it is marked. The tests make every poll and tick themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clocks import VirtualClock
from tests.service.servers import publish
from tests.service.snapshots import T0, TTL_S, head_of, snapshot
from tests.unit.service.virtual_time import CacheSetup, in_virtual_time
from virtuoso import metrics
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service.snapshot_cache import RECENT_S, SnapshotCache
from virtuoso.store.v1 import snapshot_head_pb2, snapshot_pb2

HOUR_MS = 3_600_000


@in_virtual_time
async def test_data_is_stale_after_half_a_minute_on_the_exchanges_clock() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    await setup.after(30)
    assert setup.provenance.path == provenance_pb2.PATH_SNAPSHOT
    await setup.after(0.001)
    assert setup.provenance.stale
    assert setup.provenance.path == provenance_pb2.PATH_STALE_SNAPSHOT
    assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT
    assert setup.provenance.age.ToMilliseconds() == 30_001
    assert metrics.SNAPSHOT_AGE._value.get() == pytest.approx(30.001)
    assert metrics.INPUT_AGE.labels("sentiment")._value.get() == pytest.approx(36.001)


@in_virtual_time
async def test_data_older_than_max_stale_is_not_served_and_new_data_is_served_immediately() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    await setup.after(600)
    assert setup.provenance.stale
    await setup.after(1)
    assert setup.refusal == "DataUnavailable: the newest data is 601 s old, and data above 600 s is not served"
    ready, facts = setup.cache.readiness()
    assert (ready, facts["ready"], facts["path"], facts["age_s"]) == (False, False, "NONE", 601.0)
    assert str(facts["reason"]) in setup.refusal
    await setup.show(snapshot("s2", observed_ms=setup.clock.now_ms(), size=3))
    assert setup.cache.readiness() == (
        True,
        {
            "ready": True,
            "path": "SNAPSHOT",
            "snapshot_id": "s2",
            "venue": "bybit",
            "age_s": 0.0,
            "scored": 3,
            "expected": 3,
        },
    )


@pytest.mark.parametrize(
    ("expected", "scored", "ready"), [(50, 30, True), (50, 29, False), (5, 5, True), (5, 4, False), (500, 30, True)]
)
@in_virtual_time
async def test_the_first_snapshot_must_be_complete(expected: int, scored: int, ready: bool) -> None:
    setup, message = CacheSetup(), snapshot(size=expected)
    for number, item in enumerate(message.confluences):
        if number >= scored:
            item.ClearField("score")
        elif not item.HasField("score"):
            item.score = 50.0
    message.provenance.coverage.present = scored
    await setup.show(message)
    assert setup.cache.ready is ready
    if not ready:
        words = f"no complete snapshot has been seen yet: {scored} of {expected} symbols have a score"
        assert setup.refusal == f"NotReady: {words}"


@in_virtual_time
async def test_a_server_that_refused_the_only_snapshot_says_why() -> None:
    setup, message = CacheSetup(), snapshot()
    del message.confluences[:]
    message.symbols[0].unscored_reason = "okx gives no usable price of BTCUSDT"
    await setup.show(message)
    words = f"snapshot {message.provenance.snapshot_id} has no valid row: okx gives no usable price of BTCUSDT"
    assert setup.refusal == f"NotReady: no snapshot has been seen yet: {words}"


@in_virtual_time
async def test_a_server_is_not_ready_without_a_snapshot_or_with_only_an_old_one() -> None:
    setup = CacheSetup()
    assert setup.refusal == "NotReady: no snapshot has been seen yet"
    assert (setup.cache.path, setup.cache.age_s != setup.cache.age_s) == ("NONE", True)
    assert setup.cache.capabilities() == frozenset()
    await setup.show(snapshot(observed_ms=T0 - 700_000))
    assert setup.refusal == "NotReady: no fresh snapshot has been seen yet: the newest is 700 s old"


@in_virtual_time
async def test_a_later_incomplete_snapshot_is_served() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    tickers_only = snapshot("s2", observed_ms=T0 + 3000)
    for item in tickers_only.confluences:
        item.ClearField("score")
        item.ClearField("confidence")
    tickers_only.provenance.coverage.present = 0
    tickers_only.provenance.ClearField("oldest_input_time")
    await setup.show(tickers_only)
    assert (setup.served_id, setup.provenance.coverage.present) == ("s2", 0)


@in_virtual_time
async def test_another_venues_snapshot_is_marked_as_a_fallback_with_its_reason() -> None:
    setup, message = CacheSetup(), snapshot(venue="binance")
    message.provenance.fallback_from = "bybit"
    message.provenance.fallback_reason = provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED
    await setup.show(message)
    assert (setup.provenance.path, setup.provenance.venue) == (provenance_pb2.PATH_FALLBACK, "binance")
    assert setup.provenance.fallback_from == "bybit"
    assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED
    await setup.after(31)
    assert setup.provenance.path == provenance_pb2.PATH_STALE_SNAPSHOT
    assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED


@in_virtual_time
async def test_a_venue_other_than_the_primary_one_is_a_fallback_even_without_a_reason() -> None:
    setup = CacheSetup(primary_venue="bybit")
    await setup.show(snapshot(venue="binance"))
    assert (setup.provenance.path, setup.provenance.fallback_from) == (provenance_pb2.PATH_FALLBACK, "bybit")


@in_virtual_time
async def test_the_newest_head_of_all_tiers_wins() -> None:
    first, second = MemoryRepository(), MemoryRepository()
    cache = SnapshotCache(TieredRepository([first, second]), keys, max_stale_s=600, clock=VirtualClock(T0))
    await publish(first, snapshot("old"))
    await publish(second, snapshot("new", observed_ms=T0 + 5000))
    await cache.poll()
    assert cache.current().view.id == "new"


@in_virtual_time
async def test_an_older_snapshot_does_not_replace_a_fresh_one() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("new"))
    older = snapshot("old", observed_ms=T0 - 2000, venue="binance")
    older.provenance.computed_time.FromMilliseconds(T0 + 9000)
    await setup.show(older)
    assert setup.served_id == "new"


@in_virtual_time
async def test_after_an_outage_the_snapshot_that_was_computed_later_is_used() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("bybit-last"))
    await setup.after(40)
    older = snapshot("binance-first", observed_ms=T0 - 1000, venue="binance")
    older.provenance.computed_time.FromMilliseconds(setup.clock.now_ms())
    await setup.show(older)
    assert setup.served_id == "binance-first"
    await setup.show(snapshot("older", observed_ms=T0 - 5000))
    assert setup.served_id == "binance-first"


@in_virtual_time
async def test_a_clock_that_is_set_back_does_not_reduce_the_age() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    await setup.after(20)
    setup.clock.start_ms -= HOUR_MS
    await setup.after(11)
    assert (setup.provenance.age.ToMilliseconds(), setup.provenance.stale) == (31_000, True)
    await setup.after(570)
    assert setup.refusal.startswith("DataUnavailable")


@in_virtual_time
async def test_serving_stops_while_the_clock_is_ahead_and_then_resumes() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    setup.clock.start_ms += HOUR_MS
    await setup.after(1)
    assert setup.refusal.startswith("DataUnavailable: the newest data is 3601 s old")
    setup.clock.start_ms -= HOUR_MS
    await setup.after(1)
    assert (setup.provenance.age.ToMilliseconds(), setup.provenance.stale) == (2000, False)


@in_virtual_time
async def test_after_a_long_clock_error_the_next_snapshot_is_used() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("from-the-future", observed_ms=T0 + HOUR_MS))
    await setup.after(31)
    message = snapshot("right", observed_ms=T0 + 31_000)
    message.provenance.computed_time.FromMilliseconds(T0 + HOUR_MS + 1000)
    await setup.show(message)
    assert setup.served_id == "right"


@in_virtual_time
async def test_a_failed_repository_is_the_reason_of_stale_data() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    setup.source.die()
    await setup.cache.poll()
    await setup.after(31)
    assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE
    setup.source.error = None
    await setup.cache.poll()
    await setup.after(0)
    assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT


@in_virtual_time
async def test_a_snapshot_that_is_a_little_ahead_does_not_hold_back_the_next_one() -> None:
    setup = CacheSetup()
    ahead = snapshot("ahead", observed_ms=T0 + 50_000)
    ahead.provenance.received_time.FromMilliseconds(T0)
    ahead.provenance.computed_time.FromMilliseconds(T0 + 250)
    await setup.show(ahead)
    await setup.after(3)
    await setup.show(snapshot("right", observed_ms=T0 + 3_000))
    assert setup.served_id == "right"
    await setup.show(snapshot("older", observed_ms=T0 + 2_000))
    assert setup.served_id == "right"


@in_virtual_time
async def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    setup = CacheSetup()
    setup.source.die()
    for _ in range(3):
        await setup.cache.poll()
    assert [record.getMessage() for record in caplog.records] == ["no repository answers: connection refused"]


@in_virtual_time
async def test_recent_views_are_kept_for_deltas_and_old_ones_are_dropped() -> None:
    setup = CacheSetup()
    for number in range(60):
        await setup.show(snapshot(f"s{number}", observed_ms=setup.clock.now_ms(), size=5, details=False))
        await setup.after(1)
    kept = [number for number in range(60) if setup.cache.view_of(f"s{number}")]
    assert kept == list(range(59 - int(RECENT_S), 60))


@in_virtual_time
async def test_views_of_page_tokens_are_kept_for_two_minutes_and_old_ones_are_dropped() -> None:
    setup = CacheSetup(retention_s=120)
    for number in range(4):
        await setup.show(snapshot(f"s{number}", observed_ms=setup.clock.now_ms()))
        setup.cache.retain(setup.cache.current().view)
        await setup.after(100)
    assert [number for number in range(4) if setup.cache.view_of(f"s{number}")] == [1, 2, 3], (
        "s1 was the newest until 100 s ago"
    )
    older = setup.cache.view_of("s2")
    assert older is not None
    stale = api.GetOverviewResponse.FromString(setup.cache.provenance_field(older)).provenance
    assert (stale.snapshot_id, stale.age.ToMilliseconds(), stale.stale) == ("s2", 200_000, True)


def _torn(blob: bytes) -> bytes:
    return blob[:-20]


def _flipped(blob: bytes) -> bytes:
    return blob[:300] + bytes([blob[300] ^ 1]) + blob[301:]


def _foreign(blob: bytes) -> bytes:
    return b"\x80\x04\x95not ours" * 100


@pytest.mark.parametrize("spoil", [_torn, _flipped, _foreign])
@in_virtual_time
async def test_bytes_that_do_not_match_their_head_are_refused_and_read_again(spoil: Callable[[bytes], bytes]) -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    message = snapshot("s2", observed_ms=T0 + 3000)
    blob = message.SerializeToString()
    await setup.publish(message)
    await setup.repository.set(keys.snapshot("s2"), spoil(blob), ttl_s=TTL_S)
    await setup.cache.poll()
    assert setup.served_id == "s1"
    await setup.repository.set(keys.snapshot("s2"), blob, ttl_s=TTL_S)
    await setup.cache.poll()
    assert setup.served_id == "s2", "the snapshot is complete now"


@pytest.mark.parametrize(
    "head", [b"", b"\xff\xff\xff", b"pickle", snapshot_head_pb2.SnapshotHead(snapshot_id="x").SerializeToString()]
)
@in_virtual_time
async def test_an_unreadable_head_changes_nothing(head: bytes) -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    await setup.repository.set(keys.HEAD, head, ttl_s=TTL_S)
    await setup.cache.poll()
    assert setup.served_id == "s1"
    await setup.show(snapshot("s2", observed_ms=T0 + 1000))
    assert setup.served_id == "s2"


@in_virtual_time
async def test_an_unreadable_head_in_one_tier_does_not_hide_the_snapshot_of_another() -> None:
    first, second = MemoryRepository(), MemoryRepository()
    cache = SnapshotCache(TieredRepository([first, second]), keys, max_stale_s=600, clock=VirtualClock(T0))
    await first.set(keys.HEAD, b"pickle", ttl_s=TTL_S)
    await publish(second, snapshot())
    await cache.poll()
    assert cache.current().view.id == "s1"


@in_virtual_time
async def test_a_head_without_its_snapshot_keeps_the_last_snapshot() -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    message = snapshot("s2", observed_ms=T0 + 3000)
    await setup.repository.set(keys.HEAD, head_of(message, b"x").SerializeToString(), ttl_s=TTL_S)
    await setup.cache.poll()
    assert setup.served_id == "s1"


def _without_venue(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.venue = ""


def _without_time(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.ClearField("received_time")


def _without_environment(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.environment = provenance_pb2.ENVIRONMENT_UNSPECIFIED


def _with_an_impossible_time(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.observed_time.seconds = 1 << 60


def _with_too_much_coverage(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.coverage.present = 51


def _with_more_streamed_symbols_than_tracked_ones(message: snapshot_pb2.Snapshot) -> None:
    message.provenance.coverage.streamed = message.provenance.coverage.expected + 1


def _without_rows(message: snapshot_pb2.Snapshot) -> None:
    del message.confluences[:]


def _with_invalid_rows_only(message: snapshot_pb2.Snapshot) -> None:
    for item in message.confluences:
        item.price = 0


@pytest.mark.parametrize(
    "spoil",
    [
        _without_venue,
        _without_time,
        _without_environment,
        _with_an_impossible_time,
        _with_too_much_coverage,
        _with_more_streamed_symbols_than_tracked_ones,
        _without_rows,
        _with_invalid_rows_only,
    ],
)
@in_virtual_time
async def test_a_snapshot_without_valid_provenance_or_rows_is_refused_and_read_once(
    spoil: Callable[[snapshot_pb2.Snapshot], None],
) -> None:
    setup = CacheSetup()
    await setup.show(snapshot())
    message = snapshot("s2", observed_ms=T0 + 3000)
    spoil(message)
    await setup.show(message)
    await setup.cache.poll()
    assert setup.served_id == "s1"
    # A head that is ahead of our clock is not followed at all.
    assert setup.source.reads.count(keys.snapshot("s2")) == (spoil is not _with_an_impossible_time)
    await setup.show(snapshot("s3", observed_ms=T0 + 6000))
    assert setup.served_id == "s3"
