"""The client of a venue's streams in virtual time: subscriptions, silence, refusals, rotation, and the venue's limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.clocks import VirtualClock, VirtualTimeLoop, run_virtually
from tests.unit.exchange.streams.bybit_frames import T0, instrument
from tests.unit.exchange.streams.fake_venue import FakeVenue
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.stream_updates import StreamLost, StreamUpdate
from virtuoso.exchange.streams.bybit_reader import BybitReader
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import BYBIT

TOPICS = len(BYBIT.names)


class Streamed:
    """A client, its venue, and what it told. Use it as `async with`."""

    def __init__(self, *symbols: str, **facts: Any) -> None:
        self.clock = VirtualClock(T0)
        self.venue = FakeVenue(self.clock)
        self.reader = BybitReader()
        self.lost: list[StreamLost] = []
        self.updates: Counter[str] = Counter()
        self.streams = VenueStreams(
            replace(BYBIT, **facts),
            self.reader,
            url=None,
            clock=self.clock,
            listener=self.listen,
            connect=self.venue.connect,
        )
        self.streams.set_symbols([instrument(symbol) for symbol in symbols])

    def listen(self, updates: Sequence[StreamUpdate]) -> None:
        self.lost += [each for each in updates if isinstance(each, StreamLost)]
        self.updates.update(type(each).__name__ for each in updates)

    async def __aenter__(self) -> Streamed:
        self.streams.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.streams.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not self.venue.open

    async def run(self, seconds: float) -> None:
        await self.venue.run(seconds, self.clock.start_ms)

    def streaming(self) -> dict[InputKind, int]:
        return {kind: status.streaming for kind, status in self.streams.status().items()}

    def books(self) -> int:
        return self.streaming()[InputKind.ORDER_BOOK]

    def reasons(self, kind: InputKind = InputKind.ORDER_BOOK) -> list[str]:
        return [each.reason for each in self.lost if each.kind is kind]


def symbols(count: int) -> list[str]:
    return [f"A{index}USDT" for index in range(count)]


def test_all_topics_of_all_symbols_stream_within_the_limits() -> None:
    async def main() -> None:
        async with Streamed(*symbols(60), characters_per_connection=2_000, names_per_connection=100) as streamed:
            await streamed.run(5)
            assert streamed.streaming() == dict.fromkeys(BYBIT.names, 60)
            status = streamed.streams.status()[InputKind.ORDER_BOOK]
            assert (status.expected, status.since_ms is not None, status.last_error) == (60, True, "")
            names = [name for each in streamed.venue.sockets for name in each.topics]
            assert len(names) == len(set(names)) == 60 * TOPICS
            for socket in streamed.venue.sockets:
                assert sum(len(name) + 3 for name in socket.topics) <= 2_000
                assert len(socket.topics) <= 100
                assert all(b - a >= 0.099 for a, b in pairwise(socket.sent_s))
            assert streamed.updates["TradesUpdate"] >= 60

    run_virtually(main())


def test_all_topics_of_one_symbol_are_on_one_connection() -> None:
    async def main() -> None:
        async with Streamed(*symbols(5), names_per_connection=TOPICS + 2) as streamed:
            await streamed.run(3)
            assert sorted(len(each.topics) for each in streamed.venue.sockets) == [TOPICS] * 5
            for socket in streamed.venue.sockets:
                assert len({name.rpartition(".")[2] for name in socket.topics}) == 1

    run_virtually(main())


def test_symbols_come_and_go_on_open_connections() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT", "ETHUSDT") as streamed:
            await streamed.run(3)
            streamed.streams.set_symbols([instrument("ETHUSDT"), instrument("XRPUSDT")])
            assert set(streamed.reasons()) == {"unsubscribed"}
            assert streamed.reader.book("BTCUSDT", 1) is None
            await streamed.run(3)
            (socket,) = streamed.venue.sockets
            assert {name.rpartition(".")[2] for name in socket.topics} == {"ETHUSDT", "XRPUSDT"}
            assert streamed.books() == 2
            streamed.streams.set_symbols([])
            await streamed.run(2)
            assert not streamed.venue.open

    run_virtually(main())


def test_a_ping_is_sent_every_20_seconds_and_a_lost_pong_ends_the_connection() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT") as streamed:
            await streamed.run(125)
            (socket,) = streamed.venue.sockets
            assert [each["op"] for each in socket.requests].count("ping") == 6
            streamed.venue.no_pong = True
            await streamed.run(32)
            assert "no_pong" in streamed.reasons()
            streamed.venue.no_pong = False
            await streamed.run(5)
            assert streamed.books() == 1

    run_virtually(main())


def test_a_silent_topic_alone_is_noticed_within_its_limit_and_subscribed_again() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT", "ETHUSDT") as streamed:
            await streamed.run(5)
            streamed.venue.silent = {"orderbook.50.BTCUSDT"}
            await streamed.run(13)
            assert streamed.reasons() == ["silent"]
            assert streamed.reader.book("BTCUSDT", 1) is None
            assert streamed.books() == 1
            assert streamed.reasons(InputKind.TICKERS) == []
            streamed.venue.silent = set()
            await streamed.run(15)
            assert streamed.books() == 2
            assert len(streamed.venue.sockets) == 1

    run_virtually(main())


def test_a_topic_that_stays_silent_is_subscribed_less_and_less_often() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT", "ETHUSDT") as streamed:
            streamed.venue.silent = {"orderbook.50.BTCUSDT"}
            await streamed.run(900)
            (socket,) = streamed.venue.sockets
            requests = [each for each in socket.requests if "orderbook.50.BTCUSDT" in each.get("args", [])]
            assert 8 < len(requests) < 60  # subscribe and unsubscribe, with waits up to 30 s

    run_virtually(main())


def test_a_dead_connection_is_opened_again_within_ten_seconds() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT") as streamed:
            await streamed.run(5)
            streamed.venue.dead = True
            await streamed.run(12)
            assert streamed.reasons()[0] == "silent"
            assert set(streamed.streaming().values()) == {0}
            streamed.venue.dead = False
            await streamed.run(30)
            assert streamed.books() == 1

    run_virtually(main())


def test_a_process_that_did_not_run_reads_what_arrived_before_it_judges() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT") as streamed:
            await streamed.run(25)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualTimeLoop)
            for _ in range(3):
                loop.skip(40)
                await streamed.run(5)
            assert "silent" not in {each.reason for each in streamed.lost}
            assert len(streamed.venue.sockets) == 1

    run_virtually(main())


def test_a_dropped_connection_is_opened_again_at_once() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT") as streamed:
            await streamed.run(20)
            streamed.venue.open[0].end()
            await streamed.run(3)
            assert streamed.reasons() == ["closed"]
            assert streamed.books() == 1

    run_virtually(main())


@pytest.mark.parametrize("fault", ["refuses", "dead", "flaps"])
def test_the_connection_budget_holds_under_any_fault(fault: str) -> None:
    async def main() -> None:
        async with Streamed(*symbols(4), names_per_connection=10) as streamed:
            streamed.venue.refuses, streamed.venue.dead = fault == "refuses", fault == "dead"
            for _ in range(300):
                await streamed.run(2)
                if fault == "flaps":
                    for socket in streamed.venue.open:
                        socket.end()
            attempts = streamed.venue.attempts_s
            assert max(sum(start <= each < start + 300 for each in attempts) for start in attempts) <= 100
            streamed.venue.refuses = streamed.venue.dead = False
            await streamed.run(60)
            assert streamed.books() == 4

    run_virtually(main())


@pytest.mark.parametrize("named", [True, False])
def test_a_topic_that_the_venue_refuses_does_not_affect_the_others(named: bool) -> None:
    async def main() -> None:
        async with Streamed(*symbols(40)) as streamed:
            streamed.venue.names_refused = named
            streamed.venue.refused = {"orderbook.50.A7USDT", "tickers.A30USDT"}
            await streamed.run(10)
            found = streamed.streaming()
            assert (found[InputKind.ORDER_BOOK], found[InputKind.TICKERS], found[InputKind.TRADES]) == (39, 39, 40)
            assert "error" in streamed.streams.status()[InputKind.ORDER_BOOK].last_error
            streamed.venue.refused = set()
            await streamed.run(60)
            assert streamed.books() == 40

    run_virtually(main())


def test_a_venue_that_refuses_everything_is_asked_less_and_less_often() -> None:
    async def main() -> None:
        async with Streamed(*symbols(10)) as streamed:
            streamed.venue.refused = {
                name for symbol in symbols(10) for t in BYBIT.topics(symbol) for name in BYBIT.topic_names(t)
            }
            await streamed.run(300)
            assert sum(len(each.requests) for each in streamed.venue.sockets) < 600
            streamed.venue.refused = set()
            await streamed.run(120)
            assert streamed.books() == 10

    run_virtually(main())


def test_a_connection_is_replaced_at_its_age_without_a_loss() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT", rotation_s=600) as streamed:
            await streamed.run(700)
            assert streamed.lost == []
            first, second = streamed.venue.sockets
            assert first.ended_s is not None
            assert first.ended_s - first.opened_s == pytest.approx(600 + BYBIT.overlap_s, abs=1)
            assert first.ended_s - second.opened_s >= 60  # both were open, so that the flow of a minute goes on
            flow = streamed.reader.book_flow("BTCUSDT")
            assert flow is not None
            assert flow.complete_since_ms <= flow.stamp.observed_ms - 60_000

    run_virtually(main())


def test_a_reset_subscribes_one_topic_again() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT", "ETHUSDT") as streamed:
            await streamed.run(3)
            streamed.streams.reset(InputKind.ORDER_BOOK, "BTCUSDT", "differs")
            assert streamed.reasons() == ["differs"]
            assert streamed.reader.book("BTCUSDT", 1) is None
            await streamed.run(3)
            assert streamed.books() == 2
            (socket,) = streamed.venue.sockets
            assert [each["args"] for each in socket.requests[-2:]] == [["orderbook.50.BTCUSDT"]] * 2

    run_virtually(main())


def test_unreadable_messages_without_end_close_the_connection() -> None:
    async def main() -> None:
        async with Streamed("BTCUSDT") as streamed:
            await streamed.run(3)
            for _ in range(100):
                streamed.venue.open[0].tell("<html>")
                streamed.venue.open[0].tick(3_000)
            await streamed.run(3)
            assert "garbage" in streamed.reasons()
            await streamed.run(5)
            assert streamed.books() == 1

    run_virtually(main())


def test_no_request_is_empty_when_symbols_go_before_they_are_subscribed() -> None:
    async def main() -> None:
        async with Streamed(*symbols(40), messages_per_s=1.0) as streamed:
            for count in (40, 1, 30, 2, 1):
                streamed.streams.set_symbols([instrument(symbol) for symbol in symbols(count)])
                await streamed.run(1)
            await streamed.run(20)
            assert streamed.books() == 1
            assert all(each.get("args") != [] for socket in streamed.venue.sockets for each in socket.requests)

    run_virtually(main())


def thinned() -> float:
    return REGISTRY.get_sample_value("virtuoso_stream_thinned_total", {"venue": "bybit"}) or 0


def test_order_books_are_polled_while_we_cannot_keep_up_and_stream_again_later() -> None:
    async def main() -> None:
        before = thinned()
        async with Streamed(*symbols(8)) as streamed:
            await streamed.run(5)
            streamed.venue.waiting_bytes = 1 << 20
            await streamed.run(2)
            assert streamed.books() == 8  # a moment is not a delay
            await streamed.run(3)
            assert streamed.books() == 6
            assert streamed.reasons() == ["thinned"] * 2
            assert {each.symbol for each in streamed.lost} == {"A6USDT", "A7USDT"}
            assert streamed.streaming()[InputKind.TRADES] == streamed.streaming()[InputKind.TICKERS] == 8
            await streamed.run(60)
            assert streamed.books() == 0
            assert thinned() == before + 8
            streamed.venue.waiting_bytes = 0
            await streamed.run(300)
            assert streamed.books() == 8

    run_virtually(main())
