"""A venue's clock must run, run forwards, and be close to ours."""

from __future__ import annotations

import pytest

from virtuoso.domain.errors import VenueStale
from virtuoso.exchange.freshness import VenueClock
from virtuoso.exchange.replies import Reply

NOW = 1_760_000_000_000


def test_a_moving_clock_a_little_behind_or_ahead_of_ours_is_fresh() -> None:
    for offset in (-50_000, -300, 0, 4_000, 90_000):
        clock = VenueClock()
        for second in range(60):
            clock.watch(NOW + offset + second * 1000, NOW + second * 1000)


def test_a_clock_far_behind_is_stale_and_the_message_has_the_lag() -> None:
    with pytest.raises(VenueStale, match=r"600\.0 s behind"):
        VenueClock().watch(NOW - 600_000, NOW)


def test_a_clock_that_went_back_is_stale_until_it_has_caught_up() -> None:
    clock = VenueClock()
    clock.watch(NOW, NOW)
    with pytest.raises(VenueStale, match=r"went back by 10\.0 s"):
        clock.watch(NOW - 10_000, NOW + 1_000)
    with pytest.raises(VenueStale):
        clock.watch(NOW - 10_000, NOW + 2_000)
    clock.watch(NOW + 3_000, NOW + 3_000)


def test_a_clock_that_does_not_move_for_fifteen_seconds_is_stale_until_it_moves() -> None:
    clock = VenueClock()
    for second in range(0, 15, 3):
        clock.watch(NOW, NOW + second * 1000)
    with pytest.raises(VenueStale, match=r"stood still for 15\.0 s"):
        clock.watch(NOW, NOW + 15_000)
    clock.watch(NOW + 18_000, NOW + 18_000)


def test_small_steps_back_between_two_front_ends_are_accepted() -> None:
    clock = VenueClock()
    clock.watch(NOW, NOW)
    clock.watch(NOW - 2_000, NOW + 100)


def test_after_one_time_far_in_the_future_correct_times_are_accepted() -> None:
    clock = VenueClock()
    clock.watch(NOW + 3_600_000, NOW)
    clock.watch(NOW + 1_000, NOW + 1_000)
    clock.watch(NOW + 4_000, NOW + 4_000)


def test_our_own_clock_may_be_set_back() -> None:
    clock = VenueClock()
    clock.watch(NOW, NOW)
    clock.watch(NOW + 3_000, NOW - 27_000)
    clock.watch(NOW + 6_000, NOW - 24_000)


def test_the_time_of_a_reply_without_a_clock_comes_from_the_lag_of_the_tickers() -> None:
    clock = VenueClock()
    dated = Reply(200, {"Date": "Thu, 09 Oct 2025 08:53:20 GMT"})  # equals NOW
    assert clock.observed_ms(dated, NOW + 50) == NOW
    with pytest.raises(VenueStale):
        clock.watch(NOW - 600_000, NOW)
    assert clock.observed_ms(dated, NOW + 50) == NOW + 50 - 600_000
    assert clock.observed_ms(Reply(200, {}, clock_ms=NOW - 7), NOW) == NOW - 7
    assert clock.observed_ms(Reply(200, {"Timenow": str(NOW - 9)}), NOW) == NOW - 9
