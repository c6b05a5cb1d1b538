"""Binance's streams of the recorded exchange: a book is that of a request, or there is none. Limits are respected."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from tests.programs import Replay
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument, OrderBook, Timeframe
from virtuoso.domain.stream_updates import CandlesUpdate, StreamLost, StreamUpdate, TickerUpdate, TradesUpdate
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.streams.binance_reader import BinanceReader
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import BINANCE
from virtuoso.exchange.streams.thinning import Thinning

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT")
DEADLINE_S = 90
NEAR_MS = 300  # a requested book and a streamed one of nearly one time have most levels in common
COMMON = 0.6


def levels(book: OrderBook) -> set[tuple[str, float, float]]:
    sides = {"bid": book.bids[:50], "ask": book.asks[:50]}
    return {(side, price, size) for side, rows in sides.items() for price, size in rows.tolist()}


class Streamed:
    """The streams of a few symbols, what they told, and the same venue by requests."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.exchange = CcxtExchange("binance", url=replay.url)
        self.reader = BinanceReader()
        self.told: list[StreamUpdate] = []
        self.streams = VenueStreams(
            BINANCE,
            self.reader,
            url=replay.url,
            clock=SYSTEM_CLOCK,
            listener=self.listen,
            read_book=self.exchange.order_book_text,
        )
        self.instruments: Sequence[Instrument] = ()

    async def start(self) -> None:
        listed = await self.exchange.instruments()
        self.instruments = [each for each in listed if each.symbol in SYMBOLS]
        self.reader.set_instruments(listed)
        self.streams.set_symbols(self.instruments)
        self.streams.start()

    async def close(self) -> None:
        await self.streams.stop()
        await self.exchange.close()

    def listen(self, updates: Sequence[StreamUpdate]) -> None:
        self.told += updates

    def lost(self, kind: InputKind = InputKind.ORDER_BOOK) -> Counter[str]:
        return Counter(each.reason for each in self.told if isinstance(each, StreamLost) and each.kind is kind)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            for turn in itertools.count():
                if done():
                    return
                if turn % 10 == 0:  # more requests would exceed the venue's limit
                    await self.compare()
                await asyncio.sleep(0.1)

    def all_known(self) -> bool:
        return all(self.reader.book(symbol, 50) is not None for symbol in SYMBOLS)

    async def compare(self) -> None:
        """Require that a requested book has most levels of the streamed one before it or of the one after it, if both are
        of nearly its time. The market moves between them."""
        for each in self.instruments:
            before = self.reader.book(each.symbol, 50)
            with suppress(ExchangeError):  # of a fault of requests
                requested = await self.exchange.order_book(each)
                books = (before, self.reader.book(each.symbol, 50))
                shares = [
                    len(levels(book) & levels(requested)) / len(levels(requested))
                    for book in books
                    if book is not None and abs(book.stamp.observed_ms - requested.stamp.observed_ms) <= NEAR_MS
                ]
                assert len(shares) < len(books) or max(shares) >= COMMON, (each.symbol, shares)

    async def require_equal_when_frozen(self) -> None:
        """Require that the books are those of requests in each level while the market stands still."""
        self.replay.fault("stale", "binance", stale_s=0)
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not await self.equal():
                    await asyncio.sleep(0.5)
        finally:
            self.replay.fault("ok", "binance")

    async def equal(self) -> bool:
        try:
            requested = [await self.exchange.order_book(each) for each in self.instruments]
        except ExchangeError:  # no answer in time, on a busy machine
            return False
        books = [self.reader.book(each.symbol, 50) for each in requested]
        return all(book is not None and levels(book) == levels(each) for book, each in zip(books, requested, strict=True))

    def breaches(self) -> dict[str, int]:
        """Return what the client did wrong. In mode ws_reject, each request counts as malformed."""
        found: dict[str, int] = self.replay.get("/__stats")["streams"]["binance"]["breaches"]
        return {name: count for name, count in found.items() if name != "malformed"}


@pytest_asyncio.fixture
async def streamed(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Streamed]:
    monkeypatch.setattr(Thinning, "changed", lambda *_: False)  # all books stream on a busy machine, too
    streamed = Streamed(replay)
    before = streamed.breaches()
    await streamed.start()
    await streamed.until(streamed.all_known)
    yield streamed
    await streamed.close()
    assert streamed.breaches() == before


async def test_books_trades_tickers_and_bars_are_those_of_requests(streamed: Streamed) -> None:
    def complete() -> bool:
        bars = {each.candles.symbol for each in streamed.told if isinstance(each, CandlesUpdate)}
        return {*SYMBOLS} <= bars

    await streamed.until(complete)
    await streamed.require_equal_when_frozen()
    assert streamed.lost().keys() <= {"range"}  # the price moved far
    tickers = {each.ticker.symbol: each.ticker for each in streamed.told if isinstance(each, TickerUpdate)}
    assert len(tickers) > 300
    assert None not in (tickers["BTCUSDT"].mark, tickers["BTCUSDT"].index, tickers["BTCUSDT"].funding_rate)
    for each in streamed.instruments:
        told = [t for t in streamed.told if isinstance(t, TradesUpdate) and t.trades.symbol == each.symbol]
        trades = {t.trades.ids[0]: t.trades for t in told}
        assert len(trades) == len(told)
        assert all(t.contiguous for t in told[1:])
        requested = await streamed.exchange.trades(each)
        known = [place for place, name in enumerate(requested.ids) if name in trades]
        assert known
        for place in known:
            (same,) = (trades[requested.ids[place]],)
            for column in ("time_ms", "price", "size", "side"):
                assert getattr(same, column)[0] == getattr(requested, column)[place]
        bars = [t.candles for t in streamed.told if isinstance(t, CandlesUpdate) and t.candles.symbol == each.symbol]
        history = await streamed.exchange.candles(each, Timeframe.M1, limit=5)
        row = int((history.open_ms == bars[-1].open_ms[0]).nonzero()[0][0])
        for column in ("open", "high", "low", "close", "volume"):
            assert getattr(bars[-1], column)[0] == getattr(history, column)[row]


FAULTS: dict[str, Any] = {
    "ws_gap": ("gap", {}),
    "ws_crossed": ("crossed", {}),
    "ws_nan": ("number", {}),
    "ws_restart": ("gap", {}),
    "ws_garbage": ("gap", {"prob": 0.5}),
    "ws_drop": ("closed", {}),
    "ws_silent": ("silent", {}),
    "ws_stale": ("silent", {}),
    "empty": ("silent", {"transport": "ws"}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_streams_loses_the_books_until_they_are_read_again(streamed: Streamed, fault: str) -> None:
    reason, more = FAULTS[fault]
    streamed.replay.fault(fault, "binance", **{"transport": "ws", **more})
    await streamed.until(lambda: bool(streamed.lost()))
    found = streamed.lost()
    streamed.replay.fault("ok", "binance")
    await streamed.until(streamed.all_known)
    await streamed.require_equal_when_frozen()
    assert found[reason], found


async def test_messages_that_come_twice_or_in_another_order_change_nothing(streamed: Streamed) -> None:
    count = len(streamed.told)
    streamed.replay.fault("ws_dup", "binance", transport="ws")
    await streamed.until(lambda: len(streamed.told) > count + 2_000)
    streamed.replay.fault("ok", "binance")
    await streamed.require_equal_when_frozen()
    ids = Counter((t.trades.symbol, t.trades.ids[0]) for t in streamed.told if isinstance(t, TradesUpdate))
    assert {*ids.values()} == {1}
    assert streamed.lost().keys() <= {"range"}


@pytest.mark.parametrize("fault", ["down", "429", "garbage", "nan", "truncated", "empty", "html_403"])
async def test_while_requests_fail_known_books_go_on_and_lost_ones_stay_absent(streamed: Streamed, fault: str) -> None:
    streamed.replay.fault(fault, "binance", transport="rest", path="depth")
    count = len(streamed.told)
    async with asyncio.timeout(DEADLINE_S):
        while len(streamed.told) < count + 500:
            await asyncio.sleep(0.1)
        assert streamed.all_known()
        streamed.streams.reset(InputKind.ORDER_BOOK, "BTCUSDT", "difference")
        while not streamed.reader.wanted_books():
            await asyncio.sleep(0.1)
    assert streamed.reader.book("BTCUSDT", 50) is None
    streamed.replay.fault("ok", "binance")
    if fault not in ("429", "html_403"):  # the adapter pauses longer than a test should
        await streamed.until(streamed.all_known)


@pytest.mark.parametrize("fault", ["ws_reject", "ws_refuse"])
async def test_refused_topics_and_connections_are_tried_again(streamed: Streamed, fault: str) -> None:
    streamed.replay.fault("ws_drop", "binance", transport="ws")
    await streamed.until(lambda: bool(streamed.lost()))
    streamed.replay.fault(fault, "binance", transport="ws")
    await asyncio.sleep(3)
    streamed.replay.fault("ok", "binance")
    await streamed.until(streamed.all_known)
    await streamed.require_equal_when_frozen()
