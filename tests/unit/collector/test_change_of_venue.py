"""When the collector leaves a venue, and when it returns to a better one. All tests run in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.collector.nodes import (
    CLOCK,
    DWELL_S,
    PERIOD_S,
    SCORED_KINDS,
    FakeRecorder,
    Node,
    break_down,
    exchange,
    memory,
    two_venues,
    virtual_loop,
)
from virtuoso.domain.errors import (
    BadData,
    EmptyData,
    ExchangeError,
    RateLimited,
    VenueBlocked,
    VenueStale,
    VenueUnavailable,
)
from virtuoso.domain.records import AlertKind

BLOCKED = VenueBlocked("not from here")
GONE = VenueUnavailable("gone")


@pytest.mark.parametrize(
    ("error", "reason", "within_s"),
    [
        (BLOCKED, "VENUE_BLOCKED", PERIOD_S + 1),
        (GONE, "VENUE_UNAVAILABLE", PERIOD_S + 4),
        (BadData("odd"), "VENUE_BAD_DATA", PERIOD_S + 4),
        (EmptyData("none"), "VENUE_EMPTY", PERIOD_S + 4),
        (VenueStale("old"), "VENUE_STALE", PERIOD_S + 4),
        (None, "VENUE_TIMED_OUT", PERIOD_S + 14),
    ],
)
async def test_a_failing_venue_is_replaced_by_the_next_with_the_reason(
    error: ExchangeError | None, reason: str, within_s: float
) -> None:
    node = two_venues()
    async with node.running():
        await asyncio.sleep(30)
        break_down(node.exchanges["bybit"], error)
        failed_at = CLOCK.monotonic()
        await asyncio.sleep(40)
        first = next(each for each in node.since(failed_at) if each.snapshot.venue == "binance")
        assert first.at - failed_at < within_s
        assert first.reason == reason
        assert node.used == "binance"
        assert not node.collector.status("unknown")
        calls = node.exchanges["bybit"].calls["book"]
        await asyncio.sleep(30)
        assert node.exchanges["bybit"].calls["book"] == calls, "nothing more is asked of it than its prices"


async def test_one_or_two_failures_do_not_change_the_venue() -> None:
    node = two_venues()
    async with node.running():
        await asyncio.sleep(30)
        break_down(node.exchanges["bybit"], GONE)
        await asyncio.sleep(1.5)
        node.exchanges["bybit"].faults.clear()
        await asyncio.sleep(60)
        assert node.venues() == ["bybit"]
        assert node.longest_gap_s() < 3 * PERIOD_S


async def test_a_venue_with_prices_but_without_scores_is_replaced_after_half_a_minute() -> None:
    node = two_venues()
    break_down(node.exchanges["bybit"], GONE, SCORED_KINDS)
    async with node.running():
        await asyncio.sleep(35)
        assert node.used == "bybit"
        await asyncio.sleep(20)
        assert node.used == "binance"
        first = next(each for each in node.publications if each.snapshot.venue == "binance")
        assert first.reason == "VENUE_INCOMPLETE"
        assert first.snapshot.complete


async def test_the_only_venue_stays_in_use_even_if_it_is_incomplete() -> None:
    node = Node([exchange()], memory())
    break_down(node.exchanges["bybit"], GONE, SCORED_KINDS)
    async with node.running():
        await asyncio.sleep(300)
        assert node.used == "bybit"
        assert node.publications
        assert not any(each.snapshot.complete for each in node.publications)


async def test_the_collector_waits_until_the_end_of_a_short_pause() -> None:
    node = two_venues()
    async with node.running():
        await asyncio.sleep(30)
        break_down(node.exchanges["bybit"], RateLimited("slowly", until_ms=CLOCK.now_ms() + 7_000))
        calls = node.exchanges["bybit"].calls["tickers"]
        await asyncio.sleep(7)
        assert node.exchanges["bybit"].calls["tickers"] <= calls + 2
        node.exchanges["bybit"].faults.clear()
        await asyncio.sleep(60)
        assert node.venues() == ["bybit"]
        assert node.longest_gap_s() < 7 + 2 * PERIOD_S


async def test_a_long_pause_changes_the_venue_and_no_request_is_sent_during_it() -> None:
    node = two_venues()
    async with node.running():
        await asyncio.sleep(30)
        bybit, until_ms = node.exchanges["bybit"], CLOCK.now_ms() + 120_000
        break_down(bybit, RateLimited("slowly", until_ms=until_ms))
        await asyncio.sleep(10)
        assert node.used == "binance"
        assert node.publications[-1].reason == "VENUE_RATE_LIMITED"
        calls = bybit.calls["tickers"]
        await asyncio.sleep(105)
        assert bybit.calls["tickers"] == calls
        bybit.faults.clear()
        await asyncio.sleep(5 + DWELL_S + 30)
        assert node.used == "bybit"


async def test_while_all_venues_fail_nothing_is_published_and_the_first_that_recovers_is_used() -> None:
    node = two_venues()
    async with node.running():
        await asyncio.sleep(30)
        for each in node.exchanges.values():
            break_down(each, GONE)
        await asyncio.sleep(30)
        dead_at = CLOCK.monotonic()
        calls = {venue: each.calls["tickers"] for venue, each in node.exchanges.items()}
        await asyncio.sleep(600)
        assert not node.since(dead_at)
        for venue, each in node.exchanges.items():
            assert 10 < each.calls["tickers"] - calls[venue] < 60, "it is asked now and then"
        node.exchanges["binance"].faults.clear()
        await asyncio.sleep(45)
        assert node.publications[-1].snapshot.venue == "binance"
        assert node.publications[-1].reason == "VENUE_UNAVAILABLE"
        assert node.publications[-1].at > CLOCK.monotonic() - 2 * PERIOD_S


async def test_a_third_venue_is_used_when_two_fail() -> None:
    node = Node([exchange("bybit"), exchange("binance"), exchange("okx")], memory())
    for venue in ("bybit", "binance"):
        break_down(node.exchanges[venue], BLOCKED)
    async with node.running():
        await asyncio.sleep(30)
        assert node.venues() == ["okx"]
        assert node.publications[-1].reason == "VENUE_BLOCKED"


async def test_a_better_venue_takes_over_after_the_dwell_and_without_a_gap() -> None:
    node = two_venues()
    async with node.running():
        await asyncio.sleep(30)
        break_down(node.exchanges["bybit"], BLOCKED)
        await asyncio.sleep(90)
        node.exchanges["bybit"].faults.clear()
        healed_at = CLOCK.monotonic()
        await asyncio.sleep(DWELL_S + 120)
        back = next(each for each in node.since(healed_at) if each.snapshot.venue == "bybit")
        assert back.at - healed_at > DWELL_S
        assert back.reason is None
        assert back.snapshot.complete
        assert node.venues() == ["bybit", "binance", "bybit"]
        assert node.longest_gap_s(healed_at) < 2 * PERIOD_S
        recovering = [each.reason for each in node.since(healed_at + 65) if each.snapshot.venue == "binance"]
        assert set(recovering) <= {"VENUE_RECOVERING"}
        calls = node.exchanges["binance"].calls.copy()
        await asyncio.sleep(60)
        assert node.exchanges["binance"].calls == calls, "the venue that was left is asked nothing more"


async def test_a_failure_during_recovery_restarts_the_dwell() -> None:
    node = two_venues()
    break_down(node.exchanges["bybit"], GONE)
    async with node.running():
        await asyncio.sleep(30)
        node.exchanges["bybit"].faults.clear()
        await asyncio.sleep(50)
        break_down(node.exchanges["bybit"], GONE)
        await asyncio.sleep(6)
        node.exchanges["bybit"].faults.clear()
        again_at = CLOCK.monotonic()
        await asyncio.sleep(DWELL_S - 1)
        assert node.used == "binance"
        await asyncio.sleep(60)
        assert node.used == "bybit"
        assert min(each.at for each in node.publications if each.snapshot.venue == "bybit") - again_at > DWELL_S


async def test_a_better_venue_whose_market_cannot_be_scored_does_not_take_over() -> None:
    node = two_venues()
    break_down(node.exchanges["bybit"], BLOCKED)
    async with node.running():
        await asyncio.sleep(30)
        node.exchanges["bybit"].faults.clear()
        break_down(node.exchanges["bybit"], GONE, SCORED_KINDS)
        await asyncio.sleep(240)
        assert node.venues() == ["binance"]
        assert node.longest_gap_s() < 2 * PERIOD_S


async def test_a_recovering_venue_is_used_when_the_used_venue_fails() -> None:
    node = two_venues()
    break_down(node.exchanges["bybit"], BLOCKED)
    async with node.running():
        await asyncio.sleep(30)
        node.exchanges["bybit"].faults.clear()
        await asyncio.sleep(70)
        break_down(node.exchanges["binance"], BLOCKED)
        await asyncio.sleep(20)
        assert node.used == "bybit"
        assert node.publications[-1].reason is None


async def test_a_probe_of_a_venue_that_becomes_the_used_venue_does_not_disturb_its_passes() -> None:
    node = two_venues()
    break_down(node.exchanges["bybit"], BLOCKED)
    async with node.running():
        await asyncio.sleep(30)
        node.exchanges["bybit"].faults.clear()
        virtual_loop().thread_s = 2.0
        while ("bybit", False) not in [(venue, request.trading) for venue, request in node.observer.requests]:
            await asyncio.sleep(0.1)
        break_down(node.exchanges["binance"], BLOCKED)
        await asyncio.sleep(60)
        assert node.used == "bybit"
        assert node.publications[-1].at > CLOCK.monotonic() - 10


async def test_each_change_of_venue_raises_an_alert() -> None:
    history = FakeRecorder()
    node = two_venues(history=history)
    async with node.running():
        await asyncio.sleep(30)
        assert not [alert for alert in history.alerts if alert.kind is AlertKind.DATA_QUALITY]
        break_down(node.exchanges["bybit"], BLOCKED)
        await asyncio.sleep(30)
        texts = [alert.text for alert in history.alerts if alert.kind is AlertKind.DATA_QUALITY]
        assert any("binance is used instead of bybit" in text for text in texts), texts
