"""Which snapshots a server does not believe: those ahead of its clock, of a replaced collector, of another environment."""

from __future__ import annotations

import pytest

from tests.service.snapshots import T0, snapshot
from tests.unit.service.virtual_time import CacheSetup, in_virtual_time
from virtuoso import metrics
from virtuoso.market.v1 import provenance_pb2

HOUR_MS = 3_600_000


@in_virtual_time
async def test_a_server_whose_clock_is_behind_serves_nothing_as_fresh_and_says_so() -> None:
    setup = CacheSetup()
    await setup.show(snapshot(observed_ms=T0 + HOUR_MS))
    assert (setup.provenance.age.ToMilliseconds(), setup.provenance.stale) == (0, True)
    assert setup.provenance.fallback_reason == provenance_pb2.FALLBACK_REASON_CLOCK_BEHIND
    assert setup.cache.readiness()[1]["clock"] == "3600 s behind the newest data"
    assert metrics.CLOCK_OFFSET._value.get() == pytest.approx(-3600, abs=2)
    await setup.after(31)
    assert (setup.provenance.age.ToMilliseconds(), setup.provenance.stale) == (31_000, True)
    await setup.show(snapshot("s2", observed_ms=T0 + HOUR_MS + 31_000))
    assert setup.served_id == "s2"
    setup.clock.start_ms += HOUR_MS
    await setup.after(1)
    assert not setup.provenance.stale
    assert "clock" not in setup.cache.readiness()[1]


@in_virtual_time
async def test_a_snapshot_from_the_future_blocks_no_later_one() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("years-ahead", observed_ms=T0 + 9_000 * HOUR_MS))
    await setup.show(snapshot("right", observed_ms=T0 + 1000))
    assert setup.served_id == "right"
    await setup.show(snapshot("years-ahead-again", observed_ms=T0 + 9_000 * HOUR_MS))
    assert (setup.served_id, setup.provenance.stale) == ("right", False)


@in_virtual_time
async def test_snapshots_of_a_replaced_collector_are_refused_while_its_successor_publishes() -> None:
    setup = CacheSetup()
    await setup.show(snapshot("successor"), term=8)
    await setup.show(snapshot("late", observed_ms=T0 + 2000), term=7)
    assert setup.served_id == "successor"
    await setup.after(31)
    late = snapshot("late-again", observed_ms=setup.clock.now_ms())
    await setup.show(late, term=7)
    assert setup.served_id == "late-again"


@in_virtual_time
async def test_a_snapshot_of_another_environment_is_refused_by_a_server_that_states_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    setup = CacheSetup(environment=provenance_pb2.ENVIRONMENT_REPLAY)
    message = snapshot()
    message.provenance.environment = provenance_pb2.ENVIRONMENT_LIVE
    await setup.show(message)
    assert not setup.cache.ready
    assert "is of ENVIRONMENT_LIVE, and this server of ENVIRONMENT_REPLAY" in caplog.text
    message = snapshot("s2")
    message.provenance.environment = provenance_pb2.ENVIRONMENT_REPLAY
    await setup.show(message)
    assert setup.served_id == "s2"
