"""What the doctor says about streams: of the venues, and of the collector that runs on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.programs import Market, free_port
from virtuoso.app.monitor import Monitor
from virtuoso.doctor.finding import Level
from virtuoso.doctor.streams import check_collector, check_streams
from virtuoso.domain.clock import SYSTEM_CLOCK

STREAM = {"transport": "stream", "since": "2026-01-02T03:04:05+00:00", "streaming": 50, "expected": 50}
LOST = {**STREAM, "transport": "poll", "streaming": 0, "error": "silent"}


@pytest.mark.parametrize("venue", ["bybit", "binance"])
async def test_streams_that_answer_are_ok(simulated: Market, venue: str) -> None:
    found = await check_streams(venue, simulated.url, timeout_s=60, clock=SYSTEM_CLOCK)
    assert found.level is Level.OK, found.why
    assert set(found.figures) == {"book_ms", "trades_ms", "tickers_ms"}


async def test_streams_that_do_not_answer_are_a_warning_with_their_address(examined: Callable[..., Any]) -> None:
    found = (await examined({"bybit": "http://127.0.0.1:1"}, streaming=["bybit"]))["streams bybit"]
    assert found.level is Level.WARNING
    assert "ws://127.0.0.1:1/v5/public/linear" in found.remedy


async def test_streams_that_are_off_are_not_checked(examined: Callable[..., Any]) -> None:
    assert not any(subject.startswith("streams") for subject in await examined({"bybit": "http://127.0.0.1:1"}))


@pytest.mark.parametrize(
    ("details", "level", "words"),
    [
        ({"book": STREAM}, Level.OK, "uses bybit: book 50 of 50 stream since 03:04:05 UTC"),
        ({"book": STREAM, "trades": LOST}, Level.WARNING, "trades 0 of 50 stream since 03:04:05 UTC (silent)"),
        ({}, Level.OK, "polls bybit"),
    ],
)
async def test_the_collector_of_this_machine_says_what_it_streams(
    details: Mapping[str, Any], level: Level, words: str
) -> None:
    reply = {"active": True, "uses": "bybit", "streams": {"bybit": details}}
    monitor = Monitor(status=lambda _: "SERVING", readiness=lambda: (True, reply))
    port = free_port()
    await monitor.start(f"127.0.0.1:{port + 1}")  # a server has the first port
    try:
        (found,) = await check_collector(("127.0.0.1", port))
    finally:
        await monitor.close()
    assert (found.level, words in found.why) == (level, True), found.why


async def test_without_a_collector_its_streams_are_not_checked() -> None:
    (found,) = await check_collector(("127.0.0.1", free_port()))
    assert (found.level, found.why) == (Level.NOT_CHECKED, "no collector answers")
