"""The streams of the product against the simulated venues: whatever a venue does, a book is right or absent, and a trade
counts once. The readers, the connections and the requests for books are those of the product."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from virtuoso.domain.clock import SYSTEM_CLOCK, epoch_ms
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.stream_updates import BookUpdate, LiquidationsUpdate, StreamLost, StreamUpdate, TradesUpdate
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import stream_facts
from virtuoso.exchange.streams.readers import new_reader
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.server import SimulatedExchange

pytestmark = pytest.mark.timeout(300)

BASES = ["BTC", "DOGE", "PEPE"]  # their books change every 25, 50 and 100 ms
DEADLINE_S = 90
LEVELS = 50


class Watched:
    """The streams of one venue, with every book compared with the market when it is received."""

    def __init__(self, venue: str, market: SimulatedMarket, url: str) -> None:
        self.venue, self._market, self.url = venue, market, url
        self.exchange = CcxtExchange(venue, url=url, clock=SYSTEM_CLOCK)
        facts, reader = stream_facts(venue), new_reader(venue)
        assert facts is not None
        assert reader is not None
        self.reader = reader
        self.streams = VenueStreams(
            facts,
            reader,
            url=url,
            clock=SYSTEM_CLOCK,
            listener=self._listen,
            read_book=self.exchange.order_book_text,
        )
        self._bases = dict[str, str]()
        self.books, self.lost = Counter[str](), Counter[str]()  # right books by symbol, and losses by reason
        self.wrong = list[str]()
        self.trades = dict[str, list[str]]()
        self.contiguous = list[bool]()
        self.liquidations = 0

    async def start(self) -> None:
        chosen = [each for each in await self.exchange.instruments() if each.base_asset in BASES]
        self._bases = {each.symbol: each.base_asset for each in chosen}
        self.streams.set_symbols(chosen)
        self.streams.start()

    async def close(self) -> None:
        await self.streams.stop()
        await self.exchange.close()

    async def fault(self, mode: str) -> None:
        async with aiohttp.ClientSession() as session:
            body = {"mode": mode, "exchange": self.venue}
            async with session.post(f"{self.url}/__admin", json=body) as reply:
                assert reply.status == 200

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.05)

    async def all_books(self) -> None:
        """Wait until each symbol has a new book."""
        before = self.books.copy()
        await self.until(lambda: all(self.books[symbol] > before[symbol] + 2 for symbol in self._bases))

    def _listen(self, updates: Sequence[StreamUpdate]) -> None:
        for update in updates:
            if isinstance(update, BookUpdate):
                self._compare(update)
            elif isinstance(update, StreamLost):
                self.lost[update.reason] += 1
            elif isinstance(update, TradesUpdate):
                self.trades.setdefault(update.trades.symbol, []).extend(update.trades.ids)
                self.contiguous.append(update.contiguous)
            elif isinstance(update, LiquidationsUpdate):
                self.liquidations += 1

    def _compare(self, update: BookUpdate) -> None:
        book = self.reader.book(update.symbol, LEVELS)
        if book is None:
            return
        truth = self._market.book(self._bases[update.symbol], update.observed_ms, LEVELS)
        right = all(np.allclose(*pair, rtol=1e-9) for pair in zip((book.bids, book.asks), truth, strict=True))
        if right:
            self.books[update.symbol] += 1
        else:
            self.wrong.append(f"{update.symbol} at {update.observed_ms}: {book.bids[0]} {book.asks[0]}")


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    market = SimulatedMarket(7, now_ms=epoch_ms())
    market.quotes(epoch_ms())
    return market


@pytest_asyncio.fixture(params=["bybit", "binance"])
async def watched(request: pytest.FixtureRequest, market: SimulatedMarket) -> AsyncIterator[Watched]:
    exchange = SimulatedExchange(market)
    port = await exchange.start("127.0.0.1:0")
    watched = Watched(request.param, market, f"http://127.0.0.1:{port}")
    await watched.start()
    yield watched
    await watched.close()
    await exchange.close()


async def breaches(watched: Watched) -> object:
    async with aiohttp.ClientSession() as session, session.get(f"{watched.url}/__stats") as reply:
        return (await reply.json())["streams"][watched.venue]["breaches"]


async def test_all_kinds_stream_and_the_client_keeps_the_venues_rules(watched: Watched) -> None:
    await watched.all_books()
    await watched.until(lambda: len(watched.trades) == len(BASES))
    await watched.until(lambda: all(each.streaming == each.expected for each in watched.streams.status().values()))
    assert set(watched.streams.status()) == {
        *(InputKind.ORDER_BOOK, InputKind.TRADES, InputKind.TICKERS, InputKind.CANDLES, InputKind.LIQUIDATIONS)
    }
    assert not watched.wrong
    assert await breaches(watched) == {}


async def test_under_faults_books_are_right_or_absent_and_trades_count_once(watched: Watched) -> None:
    for mode in ("ws_gap", "ws_crossed", "ws_garbage", "ws_dup", "ws_restart", "ws_drop", "ws_reject"):
        await watched.all_books()
        lost = len(watched.lost)
        await watched.fault(mode)
        await asyncio.sleep(1)
        await watched.fault("ok")
        await watched.all_books()
        assert not watched.wrong, mode
        assert mode not in ("ws_gap", "ws_crossed", "ws_drop") or len(watched.lost) > lost, mode
    for received in watched.trades.values():
        assert len(received) == len(set(received))
