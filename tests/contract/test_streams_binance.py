"""Binance's streams of the recorded exchange: a book is that of a request, or there is none. Limits are respected."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from tests.contract.streamed import DEADLINE_S, SYMBOLS, Streamed, levels
from tests.programs import Replay
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.stream_updates import CandlesUpdate, TickerUpdate, TradesUpdate
from virtuoso.exchange.streams.thinning import Thinning

NEAR_MS = 300  # a requested book and a streamed one of nearly one time have most levels in common
COMMON = 0.6


class StreamedBinance(Streamed):
    """Streams whose books are compared with requests all the time."""

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay, "binance")
        self._differ: Counter[str] = Counter()  # comparisons in a row with too few equal levels, by symbol

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
        of nearly its time. The market moves between them, so the rule is that of the product: not twice in a row."""
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
                differs = len(shares) == len(books) and max(shares) < COMMON
                self._differ[each.symbol] = self._differ[each.symbol] + 1 if differs else 0
                assert self._differ[each.symbol] < 2, (each.symbol, shares)

    def breaches(self) -> dict[str, int]:
        """See Streamed. In mode ws_reject, each request counts as malformed."""
        return {name: count for name, count in super().breaches().items() if name != "malformed"}


@pytest_asyncio.fixture
async def streamed(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StreamedBinance]:
    monkeypatch.setattr(Thinning, "changed", lambda *_: False)  # all books stream on a busy machine, too
    streamed = StreamedBinance(replay)
    before = streamed.breaches()
    await streamed.start()
    await streamed.until(streamed.all_known)
    yield streamed
    await streamed.close()
    assert streamed.breaches() == before


async def test_books_trades_tickers_and_bars_are_those_of_requests(streamed: StreamedBinance) -> None:
    def complete() -> bool:
        bars = {each.candles.symbol for each in streamed.updates if isinstance(each, CandlesUpdate)}
        return {*SYMBOLS} <= bars

    await streamed.until(complete)
    await streamed.require_equal_when_frozen()
    assert streamed.lost().keys() <= {"range"}  # the price moved far
    tickers = {each.ticker.symbol: each.ticker for each in streamed.updates if isinstance(each, TickerUpdate)}
    assert len(tickers) > 300
    assert None not in (tickers["BTCUSDT"].mark, tickers["BTCUSDT"].index, tickers["BTCUSDT"].funding_rate)
    for each in streamed.instruments:
        received = [t for t in streamed.updates if isinstance(t, TradesUpdate) and t.trades.symbol == each.symbol]
        trades = {t.trades.ids[0]: t.trades for t in received}
        assert len(trades) == len(received)
        assert all(t.contiguous for t in received[1:])
        requested = await streamed.exchange.trades(each)
        known = [place for place, name in enumerate(requested.ids) if name in trades]
        assert known
        for place in known:
            (same,) = (trades[requested.ids[place]],)
            for column in ("time_ms", "price", "size", "side"):
                assert getattr(same, column)[0] == getattr(requested, column)[place]
        await streamed.require_bars_of_requests(each)


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
async def test_a_fault_of_the_streams_loses_the_books_until_they_are_read_again(
    streamed: StreamedBinance, fault: str
) -> None:
    reason, more = FAULTS[fault]
    async with asyncio.timeout(DEADLINE_S):
        while not streamed.lost()[reason]:
            await streamed.until(streamed.all_known)  # a fault that happens once cannot lose a book that is not known
            streamed.replay.fault(fault, "binance", **{"transport": "ws", **more})
            with suppress(TimeoutError):
                async with asyncio.timeout(20):
                    await streamed.until(lambda: bool(streamed.lost()[reason]))
            streamed.replay.fault("ok", "binance")
    await streamed.until(streamed.all_known)
    await streamed.require_equal_when_frozen()


async def test_messages_that_come_twice_or_in_another_order_change_nothing(streamed: StreamedBinance) -> None:
    count = len(streamed.updates)
    streamed.replay.fault("ws_dup", "binance", transport="ws")
    await streamed.until(lambda: len(streamed.updates) > count + 2_000)
    streamed.replay.fault("ok", "binance")
    await streamed.require_equal_when_frozen()
    ids = Counter((t.trades.symbol, t.trades.ids[0]) for t in streamed.updates if isinstance(t, TradesUpdate))
    assert {*ids.values()} == {1}
    assert streamed.lost().keys() <= {"range"}


@pytest.mark.parametrize("fault", ["down", "429", "garbage", "nan", "truncated", "empty", "html_403"])
async def test_while_requests_fail_known_books_go_on_and_lost_ones_stay_absent(
    streamed: StreamedBinance, fault: str
) -> None:
    streamed.replay.fault(fault, "binance", transport="rest", path="depth")
    count = len(streamed.updates)
    async with asyncio.timeout(DEADLINE_S):
        while len(streamed.updates) < count + 500:
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
async def test_refused_topics_and_connections_are_tried_again(streamed: StreamedBinance, fault: str) -> None:
    streamed.replay.fault("ws_drop", "binance", transport="ws")
    await streamed.until(lambda: bool(streamed.lost()))
    streamed.replay.fault(fault, "binance", transport="ws")
    await asyncio.sleep(3)
    streamed.replay.fault("ok", "binance")
    await streamed.until(streamed.all_known)
    await streamed.require_equal_when_frozen()
