"""Bybit's streams of the recorded exchange: a book is that of a request, or there is none. Limits are respected."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
import pytest_asyncio

from tests.programs import Replay
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument, OrderBook, Ticker, Timeframe
from virtuoso.domain.stream_updates import CandlesUpdate, StreamLost, StreamUpdate, TickerUpdate, TradesUpdate
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.streams.bybit_reader import BybitReader
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import BYBIT

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT")
DEADLINE_S = 90


def levels(book: OrderBook) -> set[tuple[str, float, float]]:
    sides = {"bid": book.bids[:50], "ask": book.asks[:50]}
    return {(side, price, size) for side, rows in sides.items() for price, size in rows.tolist()}


class Streamed:
    """The streams of a few symbols, what they told, and the same venue by requests."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.exchange = CcxtExchange("bybit", url=replay.url)
        self.reader = BybitReader()
        self.told: list[StreamUpdate] = []
        self.streams = VenueStreams(BYBIT, self.reader, url=replay.url, clock=SYSTEM_CLOCK, listener=self.listen)
        self.instruments: Sequence[Instrument] = ()

    async def start(self) -> None:
        self.instruments = [each for each in await self.exchange.instruments() if each.symbol in SYMBOLS]
        self.streams.set_symbols(self.instruments)
        self.streams.start()

    async def close(self) -> None:
        await self.streams.stop()
        await self.exchange.close()

    def listen(self, updates: Sequence[StreamUpdate]) -> None:
        self.told += updates

    def lost(self, kind: InputKind = InputKind.ORDER_BOOK) -> Counter[str]:
        return Counter(each.reason for each in self.told if isinstance(each, StreamLost) and each.kind is kind)

    def fault(self, mode: str, **more: Any) -> None:
        self.replay.fault(mode, "bybit", **{"transport": "ws", **more})

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not done():
                await asyncio.sleep(0.1)

    def all_stream(self) -> bool:
        return all(each.streaming == len(SYMBOLS) for each in self.streams.status().values())

    async def require_equal_when_frozen(self) -> None:
        """Require that the books are those of requests in each level while the market stands still."""
        self.replay.fault("stale", "bybit", stale_s=0)
        try:
            async with asyncio.timeout(8):  # later, a book whose time stands still is silent
                while not await self.equal():
                    await asyncio.sleep(0.2)
        finally:
            self.replay.fault("ok", "bybit")

    async def equal(self) -> bool:
        requested = [await self.exchange.order_book(each) for each in self.instruments]
        books = [self.reader.book(each.symbol, 50) for each in requested]
        return all(book is not None and levels(book) == levels(each) for book, each in zip(books, requested, strict=True))

    def breaches(self) -> dict[str, int]:
        found: dict[str, int] = self.replay.get("/__stats")["streams"]["bybit"]["breaches"]
        return {name: count for name, count in found.items() if count}


@pytest_asyncio.fixture
async def streamed(replay: Replay) -> AsyncIterator[Streamed]:
    streamed = Streamed(replay)
    before = streamed.breaches()
    await streamed.start()
    await streamed.until(streamed.all_stream)
    yield streamed
    await streamed.close()
    assert streamed.breaches() == before


async def test_books_trades_tickers_and_bars_are_those_of_requests(streamed: Streamed) -> None:
    await streamed.until(lambda: {t.candles.symbol for t in streamed.told if isinstance(t, CandlesUpdate)} == {*SYMBOLS})
    await streamed.require_equal_when_frozen()
    assert not [each for each in streamed.told if isinstance(each, StreamLost)]
    for each in streamed.instruments:
        told = [t for t in streamed.told if isinstance(t, TradesUpdate) and t.trades.symbol == each.symbol]
        assert all(t.contiguous for t in told[1:])
        by_id = {name: (t.trades, row) for t in told for row, name in enumerate(t.trades.ids)}
        assert len(by_id) == sum(len(t.trades.ids) for t in told)
        requested = await streamed.exchange.trades(each)
        known = [(place, *by_id[name]) for place, name in enumerate(requested.ids) if name in by_id]
        assert known
        for place, trades, row in known:
            for column in ("time_ms", "price", "size", "side"):
                assert getattr(trades, column)[row] == getattr(requested, column)[place]
        bars = [t.candles for t in streamed.told if isinstance(t, CandlesUpdate) and t.candles.symbol == each.symbol]
        history = await streamed.exchange.candles(each, Timeframe.M1, limit=5)
        row = int((history.open_ms == bars[-1].open_ms[0]).nonzero()[0][0])
        for column in ("open", "high", "low", "close", "volume"):
            assert getattr(bars[-1], column)[0] == getattr(history, column)[row]


def figures(ticker: Ticker) -> tuple[object, ...]:
    extra = (ticker.mark, ticker.index, ticker.funding_rate, ticker.funding_interval_ms, ticker.tick_size)
    return ticker.last, ticker.change_24h_percent, *extra


async def test_tickers_are_those_of_requests_while_the_market_stands_still(streamed: Streamed) -> None:
    streamed.replay.fault("stale", "bybit", stale_s=0)
    async with asyncio.timeout(DEADLINE_S):
        while True:
            requested = await streamed.exchange.tickers()
            told = {each.ticker.symbol: each.ticker for each in streamed.told if isinstance(each, TickerUpdate)}
            if all(figures(told[symbol]) == figures(requested[symbol]) for symbol in SYMBOLS):
                break
            await asyncio.sleep(0.2)


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ws_gap": ("gap", {}),
    "ws_crossed": ("crossed", {}),
    "ws_nan": ("number", {}),
    "ws_garbage": ("garbage", {"prob": 0.5}),
    "ws_drop": ("closed", {}),
    "ws_flap": ("closed", {"every_s": 2}),
    "ws_silent": ("silent", {}),
    "ws_stale": ("silent", {}),
    "empty": ("silent", {}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_streams_loses_the_books_until_they_are_subscribed_again(
    streamed: Streamed, fault: str
) -> None:
    reason, more = FAULTS[fault]
    streamed.fault(fault, **more)
    await streamed.until(lambda: bool(streamed.lost()[reason]))
    streamed.fault("ok")
    await streamed.until(streamed.all_stream)
    await streamed.require_equal_when_frozen()


@pytest.mark.parametrize("fault", ["ws_dup", "ws_restart"])
async def test_double_messages_and_restarts_change_nothing(streamed: Streamed, fault: str) -> None:
    count = len(streamed.told)
    streamed.fault(fault)
    await streamed.until(lambda: len(streamed.told) > count + 2_000)
    streamed.fault("ok")
    await streamed.require_equal_when_frozen()
    ids = Counter((t.trades.symbol, name) for t in streamed.told if isinstance(t, TradesUpdate) for name in t.trades.ids)
    assert {*ids.values()} == {1}
    assert not streamed.lost()


@pytest.mark.parametrize("fault", ["ws_reject", "ws_refuse", "down", "html_403", "451", "429", "ws_late"])
async def test_refused_topics_and_connections_are_tried_again(streamed: Streamed, fault: str) -> None:
    streamed.fault("ws_drop")
    await streamed.until(lambda: bool(streamed.lost()))
    streamed.fault(fault)
    await asyncio.sleep(2)
    streamed.fault("ok")
    await streamed.until(streamed.all_stream)
    await streamed.require_equal_when_frozen()


async def test_symbols_that_come_and_go_are_subscribed_within_the_limits(streamed: Streamed) -> None:
    listed = list(await streamed.exchange.instruments())
    for chosen in (listed[:150], listed[100:220], [each for each in listed if each.symbol in SYMBOLS]):
        streamed.streams.set_symbols(chosen)
        await asyncio.sleep(1.5)
    await streamed.until(streamed.all_stream)
    await streamed.require_equal_when_frozen()
