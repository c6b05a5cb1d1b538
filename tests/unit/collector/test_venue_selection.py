"""Which venue is used while venues fail and recover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clocks import VirtualClock
from tests.unit.wire.test_snapshots import snapshot
from virtuoso.collector.venue_selection import INCOMPLETE_AFTER_S, VenueSelection
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


async def test_before_the_first_choice_no_venue_is_used_and_none_is_looked_at() -> None:
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
async def test_the_next_venue_is_used_and_its_reason_given(error: ExchangeError, reason: FallbackReason) -> None:
    venues = selection()
    venues.select()
    venues.failed("bybit", error)
    assert venues.failures() == {"bybit": reason}
    assert venues.health() == {"bybit": "failing", "binance": "well"}
    assert venues.select() == "binance"
    assert venues.fallback == Fallback(venue="bybit", reason=reason)
    assert venues.to_probe() == ["bybit"]


async def test_with_all_failing_the_used_one_stays_and_is_left_alone_until_it_may_be_asked() -> None:
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
    venues.answered("bybit")
    assert not venues.is_proven("bybit")
    await CLOCK.sleep(60)
    assert venues.is_proven("bybit")
    assert venues.select() == "binance", "it is not ready: its market was not scored yet"
    assert venues.judge_beside(complete())
    assert venues.select() == "bybit"
    assert venues.fallback is None


async def test_a_venue_that_was_ready_and_failed_is_not_ready_any_more() -> None:
    venues = selection(dwell_s=0)
    venues.select()
    venues.failed("bybit", VenueBlocked("x"))
    venues.select()
    venues.answered("bybit")
    venues.judge_beside(complete())
    venues.not_ready("bybit")
    venues.failed("bybit", VenueTimedOut("x"))
    assert venues.is_failing("bybit")
    venues.answered("bybit")
    assert venues.select() == "binance"


async def test_one_whose_market_is_incomplete_is_not_ready_and_begins_its_dwell_anew() -> None:
    venues = selection(dwell_s=60)
    venues.select()
    venues.failed("bybit", VenueBlocked("x"))
    venues.select()
    venues.answered("bybit")
    await CLOCK.sleep(60)
    assert not venues.judge_beside(incomplete())
    assert not venues.is_proven("bybit")
    assert venues.select() == "binance"


async def test_the_used_venue_fails_when_it_is_incomplete_for_half_a_minute_and_another_is_well() -> None:
    venues = selection()
    venues.select()
    for _ in range(int(INCOMPLETE_AFTER_S / 3) + 1):
        venues.judge(incomplete(), warm=True)
        await CLOCK.sleep(3)
    assert venues.health()["bybit"] == "well"
    for _ in range(3):
        venues.judge(incomplete(), warm=True)
    assert venues.select() == "binance"
    assert venues.failures() == {"bybit": FallbackReason.VENUE_INCOMPLETE}


async def test_a_complete_pass_in_between_begins_the_half_minute_anew() -> None:
    venues = selection()
    venues.select()
    for passes in range(30):
        venues.judge(complete() if passes % 8 == 7 else incomplete(), warm=True)
        await CLOCK.sleep(3)
    assert venues.select() == "bybit"


async def test_while_its_inputs_are_being_read_an_incomplete_venue_is_well() -> None:
    venues = selection()
    venues.select()
    for _ in range(30):
        venues.judge(incomplete(), warm=False)
        await CLOCK.sleep(3)
    assert venues.health() == {"bybit": "well", "binance": "well"}


async def test_an_incomplete_venue_without_another_goes_on() -> None:
    venues = selection("bybit")
    venues.select()
    for _ in range(30):
        venues.judge(incomplete(), warm=True)
        await CLOCK.sleep(3)
    assert venues.select() == "bybit"
    assert venues.health() == {"bybit": "well"}
