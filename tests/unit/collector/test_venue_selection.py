"""Which venue is used while venues fail and recover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clocks import VirtualClock
from tests.unit.wire.test_snapshots import snapshot
from virtuoso.collector.venue_selection import MAX_INCOMPLETE_S, VenueSelection
from virtuoso.domain.errors import ExchangeError, RateLimited, VenueBlocked, VenueTimedOut
from virtuoso.domain.model import Fallback, FallbackReason
from virtuoso.domain.snapshot import Snapshot
from virtuoso.exchange.failover import Failover

CLOCK = VirtualClock()


def selection(*venues: str, dwell_s: float = 60) -> VenueSelection:
    return VenueSelection(Failover(venues or ("bybit", "binance"), dwell_s=dwell_s, clock=CLOCK), CLOCK)


def complete(venue: str = "bybit") -> Snapshot:
    return replace(snapshot(), venue=venue, universe=snapshot().universe[:1])


def incomplete(venue: str = "bybit") -> Snapshot:
    return replace(snapshot(), venue=venue)


async def test_before_the_first_selection_no_venue_is_used_or_probed() -> None:
    venues = selection()
    assert venues.to_probe() == []
    assert venues.select() == "bybit"
    assert venues.used == "bybit"
    assert venues.fallback is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (VenueBlocked("x"), FallbackReason.VENUE_BLOCKED),
        (RateLimited("x", until_ms=1 << 50), FallbackReason.VENUE_RATE_LIMITED),
    ],
)
async def test_the_next_venue_is_used_with_the_reason(error: ExchangeError, reason: FallbackReason) -> None:
    venues = selection()
    venues.select()
    venues.failed("bybit", error)
    assert venues.failures() == {"bybit": reason}
    assert venues.health() == {"bybit": "failing", "binance": "ok"}
    assert venues.select() == "binance"
    assert venues.fallback == Fallback(venue="bybit", reason=reason)
    assert venues.to_probe() == ["bybit"]


async def test_when_all_venues_fail_the_used_one_stays_and_gets_no_requests_until_its_probe_is_due() -> None:
    venues = selection()
    venues.select()
    for venue in ("bybit", "binance"):
        venues.failed(venue, VenueBlocked("x"))
    assert venues.select() is None
    assert venues.used == "bybit"
    assert venues.to_probe() == ["binance"]
    await CLOCK.sleep(61)
    assert venues.select() == "bybit"


async def test_a_better_venue_takes_over_once_it_is_proven_and_ready() -> None:
    venues = selection(dwell_s=60)
    venues.select()
    venues.failed("bybit", VenueBlocked("x"))
    venues.select()
    venues.record_probe("bybit")
    assert not venues.is_proven("bybit")
    await CLOCK.sleep(60)
    assert venues.is_proven("bybit")
    assert venues.select() == "binance", "it is not ready: its market was not scored yet"
    assert venues.record_probe_pass(complete())
    assert venues.select() == "bybit"
    assert venues.fallback is None


async def test_a_ready_venue_that_fails_is_no_longer_ready() -> None:
    venues = selection(dwell_s=0)
    venues.select()
    venues.failed("bybit", VenueBlocked("x"))
    venues.select()
    venues.record_probe("bybit")
    venues.record_probe_pass(complete())
    venues.not_ready("bybit")
    venues.failed("bybit", VenueTimedOut("x"))
    assert venues.is_failing("bybit")
    venues.record_probe("bybit")
    assert venues.select() == "binance"


async def test_an_incomplete_probe_makes_a_venue_not_ready_and_restarts_its_dwell() -> None:
    venues = selection(dwell_s=60)
    venues.select()
    venues.failed("bybit", VenueBlocked("x"))
    venues.select()
    venues.record_probe("bybit")
    await CLOCK.sleep(60)
    assert not venues.record_probe_pass(incomplete())
    assert not venues.is_proven("bybit")
    assert venues.select() == "binance"


async def test_the_used_venue_fails_when_it_is_incomplete_for_half_a_minute_and_another_works() -> None:
    venues = selection()
    venues.select()
    for _ in range(int(MAX_INCOMPLETE_S / 3) + 1):
        venues.record_pass(incomplete(), warm=True)
        await CLOCK.sleep(3)
    assert venues.health()["bybit"] == "ok"
    for _ in range(3):
        venues.record_pass(incomplete(), warm=True)
    assert venues.select() == "binance"
    assert venues.failures() == {"bybit": FallbackReason.VENUE_INCOMPLETE}


async def test_a_complete_pass_restarts_the_half_minute() -> None:
    venues = selection()
    venues.select()
    for passes in range(30):
        venues.record_pass(complete() if passes % 8 == 7 else incomplete(), warm=True)
        await CLOCK.sleep(3)
    assert venues.select() == "bybit"


async def test_an_incomplete_venue_is_healthy_while_its_inputs_are_being_read() -> None:
    venues = selection()
    venues.select()
    for _ in range(30):
        venues.record_pass(incomplete(), warm=False)
        await CLOCK.sleep(3)
    assert venues.health() == {"bybit": "ok", "binance": "ok"}


async def test_an_incomplete_venue_stays_in_use_when_there_is_no_other() -> None:
    venues = selection("bybit")
    venues.select()
    for _ in range(30):
        venues.record_pass(incomplete(), warm=True)
        await CLOCK.sleep(3)
    assert venues.select() == "bybit"
    assert venues.health() == {"bybit": "ok"}
