"""A collector whose venues stream: the pace of passes, and what happens when requests, streams or both fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from tests.unit.collector.nodes import CLOCK, DWELL_S, PERIOD_S, SCORED_KINDS, Node, break_down, exchange, memory
from tests.unit.streams import KINDS, FakeStreams
from virtuoso.domain.errors import VenueBlocked, VenueUnavailable
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.ports import SnapshotRepository

GONE = VenueUnavailable("gone")
SYMBOLS = ("BTCUSDT", "ETHUSDT")
ALL = ("tickers", "instruments", *SCORED_KINDS, "funding", "open_interest", "long_short")


class StreamingNode(Node):
    """A node with one or two venues that stream. Their streams tell news every half second while they run."""

    def __init__(self, *venues: str, repository: SnapshotRepository | None = None, owner: str = "a") -> None:
        exchanges = [exchange(venue, *SYMBOLS) for venue in venues or ("bybit", "binance")]
        self.streams = {each.venue: FakeStreams(each) for each in exchanges}
        super().__init__(exchanges, repository or memory(), owner=owner, streams=self.streams)

    @asynccontextmanager
    async def streaming(self) -> AsyncIterator[None]:
        """Run the collector and the streams while the body runs."""

        async def tell() -> None:
            while True:
                for streams in self.streams.values():
                    streams.all()
                    if CLOCK.now_ms() % 60_000 < 500 and InputKind.CANDLES not in streams.lost and streams.running:
                        for symbol in streams.symbols:
                            streams.bar(symbol)
                await asyncio.sleep(0.5)

        async with self.running():
            telling = asyncio.create_task(tell())
            try:
                yield
            finally:
                telling.cancel()

    @property
    def details(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self.collector.readiness()[1])

    def passes_since(self, at: float) -> int:
        """Return the number of passes from `at` on."""
        return sum(each >= at for each in self.observer.started_at)

    def lose(self, venue: str, *kinds: InputKind) -> None:
        """Lose these kinds of streams of all symbols."""
        streams = self.streams[venue]
        streams.lost.update(kinds)
        for symbol in streams.symbols:
            for kind in kinds:
                streams.lose(kind, symbol)


async def test_a_market_that_streams_is_passed_every_second_and_its_prices_are_requested_as_before() -> None:
    node = StreamingNode()
    async with node.streaming():
        await asyncio.sleep(15)
        began, calls = CLOCK.monotonic(), node.exchanges["bybit"].calls["tickers"]
        await asyncio.sleep(30)
        assert node.passes_since(began) == pytest.approx(30, abs=2)
        assert len(node.since(began)) == pytest.approx(30, abs=2)
        assert node.exchanges["bybit"].calls["tickers"] - calls == pytest.approx(30 / PERIOD_S, abs=3)
        assert node.publications[-1].snapshot.streamed == len(SYMBOLS)
        assert node.publications[-1].snapshot.complete


async def test_a_market_that_is_polled_is_passed_once_for_each_request() -> None:
    node = StreamingNode()
    for streams in node.streams.values():
        streams.lost.update(KINDS)
    async with node.streaming():
        await asyncio.sleep(15)
        began = CLOCK.monotonic()
        await asyncio.sleep(60)
        assert node.passes_since(began) == pytest.approx(60 / PERIOD_S, abs=2)
        assert node.publications[-1].snapshot.streamed == 0


async def test_there_is_no_pass_without_a_newer_price() -> None:
    node = StreamingNode()
    async with node.streaming():
        await asyncio.sleep(20)
        ids = [each.snapshot.id for each in node.publications]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("error", [VenueBlocked("not from here"), None])
async def test_while_requests_fail_and_streams_go_on_the_venue_stays_in_use(error: Exception | None) -> None:
    node = StreamingNode()
    async with node.streaming():
        await asyncio.sleep(15)
        break_down(node.exchanges["bybit"], cast(Any, error), ALL)
        began = CLOCK.monotonic()
        await asyncio.sleep(70)  # longer than the age of a price
        assert node.venues() == ["bybit"]
        assert node.passes_since(began) > 65
        assert node.longest_gap_s(began) < 2
        last = node.publications[-1].snapshot
        assert last.complete
        assert CLOCK.now_ms() - last.stamp.observed_ms < 2_000
        assert last.streamed == len(SYMBOLS)
        assert node.details["venues"]["bybit"] == "ok"
        assert node.details["requests"]["bybit"].startswith(("VenueBlocked", "VenueTimedOut"))
        node.exchanges["bybit"].faults.clear()
        await asyncio.sleep(10)
        assert node.details["requests"] == {}


async def test_while_streams_are_lost_and_requests_succeed_the_venue_is_polled() -> None:
    node = StreamingNode()
    async with node.streaming():
        await asyncio.sleep(15)
        node.lose("bybit", *KINDS)
        began = CLOCK.monotonic()
        await asyncio.sleep(70)
        assert node.venues() == ["bybit"]
        assert node.longest_gap_s(began) < 5 + 2 * PERIOD_S
        assert node.passes_since(began + 10) == pytest.approx(60 / PERIOD_S, abs=3)
        assert all(each.snapshot.complete for each in node.since(began))
        assert node.details["streams"]["bybit"]["book"]["transport"] == "poll"
        assert node.details["streams"]["bybit"]["book"]["error"] == "closed"
        assert node.details["streams"]["bybit"]["liquidations"]["transport"] == "none"
        node.streams["bybit"].lost.clear()
        await asyncio.sleep(5)
        state = node.details["streams"]["bybit"]["book"]
        assert (state["transport"], state["streaming"], state["expected"]) == ("stream", len(SYMBOLS), len(SYMBOLS))
        assert node.publications[-1].snapshot.streamed == len(SYMBOLS)


async def test_when_requests_fail_and_streams_are_lost_too_the_venue_is_replaced() -> None:
    node = StreamingNode()
    async with node.streaming():
        await asyncio.sleep(15)
        break_down(node.exchanges["bybit"], GONE, ALL)
        await asyncio.sleep(15)
        assert node.used == "bybit"
        node.lose("bybit", *KINDS)
        await asyncio.sleep(20)
        assert node.used == "binance"
        assert not node.streams["bybit"].running
        assert node.streams["binance"].running
        assert node.publications[-1].reason == "VENUE_UNAVAILABLE"


async def test_when_requests_fail_and_only_some_symbols_stream_the_venue_is_replaced_as_incomplete() -> None:
    node = StreamingNode()
    async with node.streaming():
        await asyncio.sleep(15)
        break_down(node.exchanges["bybit"], GONE, ALL)
        node.streams["bybit"].symbols = ["BTCUSDT"]
        await asyncio.sleep(80)
        assert node.used == "bybit"
        await asyncio.sleep(40)
        assert node.used == "binance"
        first = next(each for each in node.publications if each.snapshot.venue == "binance")
        assert first.reason == "VENUE_INCOMPLETE"


async def test_the_only_venue_is_used_again_as_soon_as_its_streams_return() -> None:
    node = StreamingNode("bybit")
    async with node.streaming():
        await asyncio.sleep(15)
        break_down(node.exchanges["bybit"], GONE, ALL)
        node.lose("bybit", *KINDS)
        await asyncio.sleep(45)
        node.streams["bybit"].lost.clear()
        began = CLOCK.monotonic()
        await asyncio.sleep(5)
        assert node.passes_since(began) >= 3


async def test_a_standby_does_not_stream() -> None:
    repository = memory()
    active, standby = StreamingNode(repository=repository), StreamingNode(repository=repository, owner="b")
    async with active.streaming():
        await asyncio.sleep(5)
        async with standby.streaming():
            await asyncio.sleep(15)
            assert active.streams["bybit"].running
            assert not any(streams.running for streams in standby.streams.values())


async def test_a_better_venue_streams_before_it_takes_over() -> None:
    node = StreamingNode()
    break_down(node.exchanges["bybit"], GONE, ALL)
    async with node.streaming():
        await asyncio.sleep(15)
        assert node.used == "binance"
        node.exchanges["bybit"].faults.clear()
        began = CLOCK.monotonic()
        await asyncio.sleep(DWELL_S + 60)
        assert node.used == "bybit"
        assert not node.streams["binance"].running
        first = next(each for each in node.since(began) if each.snapshot.venue == "bybit")
        assert first.snapshot.streamed == len(SYMBOLS)
        assert node.longest_gap_s(began) < 2 * PERIOD_S
