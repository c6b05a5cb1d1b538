"""The streams of a few symbols of a recorded venue, beside the same venue by requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from tests.programs import Replay
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument, OrderBook, Timeframe
from virtuoso.domain.stream_updates import CandlesUpdate, StreamLost, StreamUpdate
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.streams.client import VenueStreams
from virtuoso.exchange.streams.facts import stream_facts
from virtuoso.exchange.streams.readers import new_reader

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT")
DEADLINE_S = 90


def levels(book: OrderBook) -> set[tuple[str, float, float]]:
    """Return the best 50 levels of both sides as (side, price, size)."""
    sides = {"bid": book.bids[:50], "ask": book.asks[:50]}
    return {(side, price, size) for side, rows in sides.items() for price, size in rows.tolist()}


class Streamed:
    """The streams of SYMBOLS, their updates, and the same venue by requests. `frozen_s` is the longest time that the market
    may stand still before its books are silent."""

    def __init__(self, replay: Replay, venue: str, *, frozen_s: float = DEADLINE_S) -> None:
        facts, reader = stream_facts(venue), new_reader(venue)
        assert facts is not None
        assert reader is not None
        self.replay, self.venue, self.reader = replay, venue, reader
        self.exchange = CcxtExchange(venue, url=replay.url)
        self.updates: list[StreamUpdate] = []
        self.streams = VenueStreams(
            facts,
            reader,
            url=replay.url,
            clock=SYSTEM_CLOCK,
            listener=self.listen,
            read_book=self.exchange.order_book_text,
        )
        self.instruments: Sequence[Instrument] = ()
        self._frozen_s = frozen_s

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
        self.updates += updates

    def lost(self, kind: InputKind = InputKind.ORDER_BOOK) -> Counter[str]:
        return Counter(each.reason for each in self.updates if isinstance(each, StreamLost) and each.kind is kind)

    def fault(self, mode: str, **more: Any) -> None:
        self.replay.fault(mode, self.venue, **{"transport": "ws", **more})

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not done():
                await asyncio.sleep(0.1)

    def all_stream(self) -> bool:
        return all(each.streaming == len(SYMBOLS) for each in self.streams.status().values())

    async def require_equal_when_frozen(self) -> None:
        """Require that the books are those of requests in each level while the market stands still."""
        self.replay.fault("stale", self.venue, stale_s=0)
        try:
            async with asyncio.timeout(self._frozen_s):
                while not await self.equal():
                    await asyncio.sleep(0.3)
        finally:
            self.replay.fault("ok", self.venue)

    async def equal(self) -> bool:
        try:
            requested = [await self.exchange.order_book(each) for each in self.instruments]
        except ExchangeError:  # no answer in time, on a busy machine
            return False
        books = [self.reader.book(each.symbol, 50) for each in requested]
        return all(book is not None and levels(book) == levels(each) for book, each in zip(books, requested, strict=True))

    async def require_bars_of_requests(self, instrument: Instrument) -> None:
        """Require that the last bar that was received is that of a request."""
        received = [each.candles for each in self.updates if isinstance(each, CandlesUpdate)]
        newest = [bars for bars in received if bars.symbol == instrument.symbol][-1]
        history = await self.exchange.candles(instrument, Timeframe.M1, limit=5)
        row = int((history.open_ms == newest.open_ms[0]).nonzero()[0][0])
        for column in ("open", "high", "low", "close", "volume"):
            assert getattr(newest, column)[0] == getattr(history, column)[row]

    def breaches(self) -> dict[str, int]:
        """Return what the client did wrong."""
        found: dict[str, int] = self.replay.get("/__stats")["streams"][self.venue]["breaches"]
        return {name: count for name, count in found.items() if count}
