"""When a venue is not used, when it is tried again, and which venue is used in the meantime."""

from __future__ import annotations

from collections.abc import Container

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clocks import SettableClock
from virtuoso.domain.errors import (
    BadData,
    EmptyData,
    ExchangeError,
    RateLimited,
    UnknownSymbol,
    Unsupported,
    VenueBlocked,
    VenueIncomplete,
    VenueStale,
    VenueTimedOut,
    VenueUnavailable,
)
from virtuoso.domain.model import Fallback, FallbackReason
from virtuoso.exchange.breaker import BLOCKED_MS, LONGEST_MS, Breaker
from virtuoso.exchange.failover import Failover, fallback_reason

ORDINARY = (EmptyData, BadData, VenueStale, VenueUnavailable, VenueTimedOut, VenueIncomplete)


def make(venue: str = "bybit") -> tuple[Breaker, SettableClock]:
    clock = SettableClock()
    return Breaker(venue, clock=clock, chance=lambda: 1.0), clock


@pytest.mark.parametrize("kind", ORDINARY)
def test_the_third_consecutive_failure_opens_the_breaker(kind: type[ExchangeError]) -> None:
    breaker, _ = make()
    breaker.failed(kind("a"))
    breaker.failed(kind("b"))
    assert not breaker.open
    breaker.failed(kind("c"))
    assert breaker.open


def test_a_success_resets_the_count_of_failures() -> None:
    breaker, _ = make()
    for _ in range(10):
        breaker.failed(BadData("x"))
        breaker.failed(BadData("x"))
        breaker.succeeded()
    assert not breaker.open
    assert breaker.error is None


def test_failures_over_eight_seconds_open_the_breaker() -> None:
    breaker, clock = make()
    breaker.failed(VenueTimedOut("x"))
    clock.advance(8)
    breaker.failed(VenueTimedOut("x"))
    assert breaker.open


def test_a_block_opens_the_breaker_immediately_for_about_a_minute() -> None:
    breaker, clock = make()
    breaker.failed(VenueBlocked("x"))
    assert breaker.open
    assert breaker.retry_ms - clock.now_ms() == BLOCKED_MS
    clock.advance(60)
    due = breaker.probe_due
    breaker.failed(VenueBlocked("x"))
    assert (due, breaker.probe_due) == (True, False)
    assert breaker.retry_ms - clock.now_ms() == BLOCKED_MS


def test_a_rate_limit_opens_the_breaker_until_the_time_that_the_venue_gave() -> None:
    breaker, clock = make()
    breaker.failed(RateLimited("x", until_ms=clock.now_ms() + 123_456))
    assert breaker.open
    assert breaker.retry_ms == clock.now_ms() + 123_456
    clock.advance(123)
    assert not breaker.probe_due
    clock.advance(1)
    assert breaker.probe_due


@pytest.mark.parametrize("kind", [UnknownSymbol, Unsupported])
def test_errors_of_the_request_do_not_count_as_failures_of_the_venue(kind: type[ExchangeError]) -> None:
    breaker, _ = make()
    breaker.succeeded()
    for _ in range(20):
        breaker.failed(kind("x"))
    assert not breaker.open
    assert breaker.healthy_since_ms is not None


def test_the_wait_between_probes_doubles_up_to_thirty_seconds_and_a_success_closes_the_breaker() -> None:
    breaker, clock = make()
    waits = []
    for _ in range(12):
        breaker.failed(VenueUnavailable("x"))
        if breaker.open:
            waits.append(breaker.retry_ms - clock.now_ms())
            clock.ms = breaker.retry_ms
    assert waits == sorted(waits)
    assert waits[0] <= 2_000
    assert waits[-1] == LONGEST_MS
    breaker.succeeded()
    assert not breaker.open
    assert not breaker.probe_due
    assert breaker.healthy_since_ms == clock.now_ms()
    for _ in range(3):
        breaker.failed(VenueUnavailable("x"))
    assert breaker.retry_ms - clock.now_ms() == waits[0]


def test_nodes_do_not_probe_at_the_same_time() -> None:
    clock = SettableClock()
    waits = set()
    for chance in (0.0, 0.3, 0.9):
        breaker = Breaker("bybit", clock=clock, chance=[chance].pop)
        breaker.failed(VenueBlocked("x"))
        waits.add(breaker.retry_ms)
    assert len(waits) == 3
    assert all(45_000 <= wait - clock.now_ms() <= 60_000 for wait in waits)


def test_a_venue_is_healthy_since_the_first_success_after_the_last_failure() -> None:
    breaker, clock = make()
    breaker.succeeded()
    began = clock.now_ms()
    clock.advance(30)
    breaker.succeeded()
    assert breaker.healthy_since_ms == began
    breaker.failed(BadData("x"))
    assert breaker.healthy_since_ms is None


@given(st.lists(st.tuples(st.sampled_from([*ORDINARY, None]), st.floats(0, 20)), max_size=60))
def test_an_open_breaker_has_an_error_and_probes_within_thirty_seconds(
    story: list[tuple[type[ExchangeError] | None, float]],
) -> None:
    breaker, clock = make()
    for kind, seconds in story:
        if kind is None:
            breaker.succeeded()
        else:
            breaker.failed(kind("x"))
        assert breaker.open <= (breaker.error is not None)
        assert breaker.retry_ms - clock.now_ms() <= LONGEST_MS
        assert (breaker.healthy_since_ms is None) == (breaker.error is not None)
        clock.advance(seconds)


class Market:
    """Three venues with their breakers, and the choice among them."""

    def __init__(self, dwell_s: float = 60) -> None:
        self.clock = SettableClock()
        self.breakers = {venue: Breaker(venue, clock=self.clock) for venue in ("bybit", "binance", "okx")}
        self.failover = Failover(list(self.breakers), dwell_s=dwell_s, clock=self.clock)
        self.used: str | None = None

    def choose(self, ready: Container[str] | None = None) -> tuple[str, Fallback | None]:
        self.used, fallback = self.failover.choose(self.breakers, used=self.used, ready=ready)
        return self.used, fallback

    def block(self, venue: str) -> None:
        self.breakers[venue].failed(VenueBlocked("x"))

    def heal(self, venue: str) -> None:
        self.breakers[venue].succeeded()


def test_the_first_venue_is_used_while_it_works_and_before_its_first_reply() -> None:
    market = Market()
    assert market.choose() == ("bybit", None)
    market.heal("bybit")
    assert market.choose() == ("bybit", None)


def test_a_failed_venue_is_replaced_immediately_with_the_reason() -> None:
    market = Market()
    market.block("bybit")
    assert market.choose() == ("binance", Fallback(venue="bybit", reason=FallbackReason.VENUE_BLOCKED))
    market.block("binance")
    assert market.choose() == ("okx", Fallback(venue="bybit", reason=FallbackReason.VENUE_BLOCKED))


def test_the_first_venue_returns_after_the_dwell_and_is_recovering_until_then() -> None:
    market = Market(dwell_s=60)
    market.block("bybit")
    market.choose()
    market.heal("bybit")
    assert market.choose() == ("binance", Fallback(venue="bybit", reason=FallbackReason.VENUE_RECOVERING))
    market.clock.advance(59)
    assert market.choose()[0] == "binance"
    market.clock.advance(1)
    assert market.choose() == ("bybit", None)


def test_a_failure_during_recovery_restarts_the_dwell() -> None:
    market = Market(dwell_s=60)
    market.block("bybit")
    market.choose()
    market.heal("bybit")
    market.clock.advance(50)
    market.breakers["bybit"].failed(VenueTimedOut("x"))
    assert market.choose() == ("binance", Fallback(venue="bybit", reason=FallbackReason.VENUE_TIMED_OUT))
    market.heal("bybit")
    market.clock.advance(59)
    assert market.choose()[0] == "binance"
    market.clock.advance(1)
    assert market.choose()[0] == "bybit"


def test_a_recovering_venue_is_used_when_no_other_works() -> None:
    market = Market()
    market.block("bybit")
    market.choose()
    market.heal("bybit")
    market.block("binance")
    market.block("okx")
    assert market.choose() == ("bybit", None)


def test_while_all_venues_fail_the_choice_stays_until_one_works() -> None:
    market = Market()
    for venue in market.breakers:
        market.block(venue)
    assert market.choose() == ("bybit", None)
    market.heal("okx")
    assert market.choose() == ("okx", Fallback(venue="bybit", reason=FallbackReason.VENUE_BLOCKED))


@given(st.lists(st.tuples(st.sampled_from(["bybit", "binance", "okx"]), st.booleans(), st.floats(0, 40)), max_size=80))
def test_a_failed_venue_is_never_used_while_another_works_and_changes_are_rare(story: list[tuple[str, bool, float]]) -> None:
    market, came_back = Market(dwell_s=30), []
    venues = list(market.breakers)
    for venue, well, seconds in story:
        before = market.used or venues[0]
        (market.heal if well else market.block)(venue)
        chosen, fallback = market.choose()
        living = [v for v in venues if not market.breakers[v].open]
        assert chosen in living or not living
        assert (fallback is None) == (chosen == "bybit")
        if venues.index(chosen) < venues.index(before) and not market.breakers[before].open:
            came_back.append(market.clock.now_ms() - (market.breakers[chosen].healthy_since_ms or 0))
        market.clock.advance(seconds)
    assert all(healthy >= 30_000 for healthy in came_back)


def test_every_failure_of_a_venue_has_a_reason() -> None:
    reasons = {fallback_reason(kind("x")) for kind in (*ORDINARY, VenueBlocked)} | {
        fallback_reason(RateLimited("x", until_ms=0)),
        fallback_reason(None),
    }
    assert reasons == {reason for reason in FallbackReason if reason.name.startswith("VENUE_")}


def test_a_better_venue_without_data_is_used_only_when_the_current_one_fails() -> None:
    market = Market(dwell_s=60)
    market.breakers["bybit"].failed(VenueBlocked("no"))
    assert market.choose(set())[0] == "binance"
    market.clock.advance(61)
    market.breakers["bybit"].succeeded()
    market.clock.advance(61)
    assert market.choose({"binance"})[0] == "binance"
    market.breakers["bybit"].failed(VenueTimedOut("slow"))
    market.breakers["bybit"].succeeded()
    assert market.choose({"binance", "bybit"})[0] == "binance"
    market.breakers["binance"].failed(VenueBlocked("no"))
    assert market.choose(set())[0] == "bybit"
