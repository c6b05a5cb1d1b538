"""A venue's clock must run, run forwards, and be close to ours."""

from __future__ import annotations

import pytest

from virtuoso.domain.errors import VenueStale
from virtuoso.exchange.freshness import VenueClock
from virtuoso.exchange.replies import Reply

NOW = 1_760_000_000_000


def test_a_moving_clock_a_little_behind_or_ahead_of_ours_is_fresh() -> None:
    for offset in (-50_000, -300, 0, 4_000, 50_000):
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


@pytest.mark.parametrize("ahead_ms", [61_000, 240_000, 3_600_000, 31 * 3_600_000, NOW * 999])
def test_a_time_far_ahead_of_ours_is_stale_and_the_correct_time_after_it_is_used(ahead_ms: int) -> None:
    clock = VenueClock()
    for first in (0, 60_000):  # as the very first reading, and later
        with pytest.raises(VenueStale, match="ahead of ours"):
            clock.watch(NOW + first + ahead_ms, NOW + first)
        assert clock.watch(NOW + first + 1_000, NOW + first + 1_010) == NOW + first + 1_000
        assert clock.watch(NOW + first + 4_000, NOW + first + 4_010) == NOW + first + 4_000


@pytest.mark.parametrize("ahead_ms", [4_000, 50_000, 60_000])
def test_a_time_ahead_of_ours_is_used_only_after_two_readings_that_agree(ahead_ms: int) -> None:
    clock = VenueClock()
    assert clock.watch(NOW + ahead_ms, NOW) == NOW
    assert clock.watch(NOW + 3_000, NOW + 3_010) == NOW + 3_000
    assert clock.watch(NOW + 6_000 + ahead_ms, NOW + 6_000) == NOW + 6_000
    assert clock.watch(NOW + 9_000, NOW + 9_010) == NOW + 9_000
    assert clock.watch(NOW + 12_000 + ahead_ms, NOW + 12_000) == NOW + 12_000
    assert clock.watch(NOW + 15_000 + ahead_ms, NOW + 15_000) == NOW + 15_000 + ahead_ms
    assert clock.watch(NOW + 18_000, NOW + 18_010) == NOW + 18_000  # a correction is used immediately


def test_an_unchanged_time_ahead_of_ours_is_not_a_second_reading() -> None:
    clock = VenueClock()
    clock.watch(NOW, NOW)
    for second in range(1, 16):
        assert clock.watch(NOW + 50_000, NOW + second * 1000) == NOW + second * 1000
    with pytest.raises(VenueStale, match=r"stood still for 15\.0 s"):
        clock.watch(NOW + 50_000, NOW + 16_000)


def test_our_own_clock_may_be_set_back() -> None:
    clock = VenueClock()
    clock.watch(NOW, NOW)
    assert clock.watch(NOW + 3_000, NOW - 27_000) == NOW
    assert clock.watch(NOW + 6_000, NOW - 24_000) == NOW + 6_000


def test_a_wrong_time_of_another_reply_is_not_used() -> None:
    clock = VenueClock()
    for name in ("clock", "header"):
        for time in (NOW + 61_000, NOW * 1000, 10**17):
            reply = Reply(200, {"Timenow": str(time)}) if name == "header" else Reply(200, {}, clock_ms=time)
            with pytest.raises(VenueStale, match="ahead of ours"):
                clock.observed_ms(reply, NOW)
    ahead = Reply(200, {}, clock_ms=NOW + 20_000)
    assert clock.observed_ms(ahead, NOW) == NOW
    for second in (0, 3):
        clock.watch(NOW + 20_000 + second, NOW + second)
    assert clock.observed_ms(ahead, NOW) == NOW + 20_000
    assert VenueClock().observed_ms(Reply(200, {"Date": "Fri, 09 Oct 2026 08:53:20 GMT"}), NOW) == NOW


def test_the_time_of_a_reply_without_a_clock_comes_from_the_lag_of_the_tickers() -> None:
    clock = VenueClock()
    dated = Reply(200, {"Date": "Thu, 09 Oct 2025 08:53:20 GMT"})  # equals NOW
    assert clock.observed_ms(dated, NOW + 50) == NOW
    with pytest.raises(VenueStale):
        clock.watch(NOW - 600_000, NOW)
    assert clock.observed_ms(dated, NOW + 50) == NOW + 50 - 600_000
    assert clock.observed_ms(Reply(200, {}, clock_ms=NOW - 7), NOW) == NOW - 7
    assert clock.observed_ms(Reply(200, {"Timenow": str(NOW - 9)}), NOW) == NOW - 9
