"""A venue that streams, in memory: tests say what its streams tell. Its requests are those of FakeExchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tests.unit.fakes import FakeExchange
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import (
    BookFlow,
    Candles,
    Instrument,
    Liquidations,
    OrderBook,
    Stamp,
    Ticker,
    Timeframe,
    Trades,
)
from virtuoso.domain.stream_updates import (
    BookUpdate,
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.exchange.streams.port import KindStatus
from virtuoso.exchange.streams.reader import Topic
from virtuoso.market_data.feed import Feed

KINDS = (
    InputKind.ORDER_BOOK,
    InputKind.TRADES,
    InputKind.TICKERS,
    InputKind.CANDLES,
    InputKind.LIQUIDATIONS,
)


def liquidations(symbol: str, *sizes: float, stamp: Stamp, since_ms: int = 0) -> Liquidations:
    """Return liquidations of short positions at the time of `stamp`. The stream is watched since then or `since_ms`."""
    count = len(sizes)
    return Liquidations(
        symbol=symbol,
        time_ms=np.full(count, stamp.observed_ms),
        price=np.full(count, 100.0),
        size=np.array(sizes),
        side=np.ones(count),
        stamp=stamp,
        complete_since_ms=since_ms or stamp.observed_ms,
    )


class FakeReader:
    """A reader whose order books are those in `books`."""

    def __init__(self) -> None:
        self.kinds = frozenset(KINDS)
        self.books: dict[str, OrderBook] = {}
        self.instruments: Sequence[Instrument] = ()

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        self.instruments = instruments

    def opened(self, connection: int, topics: Sequence[Topic], received_ms: int) -> Sequence[StreamUpdate]:
        raise NotImplementedError

    def frame(self, connection: int, data: str | bytes, received_ms: int) -> Sequence[StreamUpdate]:
        raise NotImplementedError

    def wanted_books(self) -> Mapping[str, int]:
        return {}

    def rest_book(self, symbol: str, text: str, received_ms: int) -> Sequence[StreamUpdate]:
        raise NotImplementedError

    def closed(self, connection: int, topics: Sequence[Topic], reason: str) -> Sequence[StreamUpdate]:
        raise NotImplementedError

    def shortened(self, data: str | bytes) -> str | bytes:
        return data

    def heard_ms(self, connection: int, topic: Topic) -> int | None:
        raise NotImplementedError

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        book = self.books.get(symbol)
        return None if book is None else replace(book, bids=book.bids[:levels], asks=book.asks[:levels])

    def book_flow(self, symbol: str) -> BookFlow | None:
        book = self.books.get(symbol)
        if book is None:
            return None
        times = np.array([book.stamp.observed_ms])
        ones = np.ones(1)
        return BookFlow(
            symbol=symbol, time_ms=times, flow=ones, depth=ones, stamp=book.stamp, complete_since_ms=int(times[0]) - 60_000
        )


class FakeStreams:
    """The streams of `feed`, whose requests go to `exchange`. Methods tell what a venue would. `symbols` stream now."""

    def __init__(self, exchange: FakeExchange) -> None:
        self.reader = FakeReader()
        self.exchange = exchange
        self.feed: Feed
        self.symbols: list[str] = []
        self.running = False
        self.resets: list[tuple[InputKind, str, str]] = []
        self.lost: set[InputKind] = set()
        self._trades: dict[str, int] = {}  # the number of the next trade

    def attach(self, feed: Feed) -> Feed:
        self.feed = feed
        feed.use_streams(self)
        return feed

    def set_symbols(self, instruments: Sequence[Instrument]) -> None:
        self.symbols = [each.symbol for each in instruments]

    def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def status(self) -> Mapping[InputKind, KindStatus]:
        count = len(self.symbols)
        return {
            kind: KindStatus(
                streaming=count if self.running and kind not in self.lost else 0,
                expected=count,
                last_error="closed" if kind in self.lost else "",
            )
            for kind in KINDS
        }

    def reset(self, kind: InputKind, symbol: str, reason: str) -> None:
        self.resets.append((kind, symbol, reason))
        self.lose(kind, symbol, reason)

    def lose(self, kind: InputKind, symbol: str, reason: str = "closed") -> None:
        """Tell that a topic was lost."""
        if kind is InputKind.ORDER_BOOK:
            self.reader.books.pop(symbol, None)
        self.feed.apply_updates([StreamLost(kind=kind, symbol=symbol, reason=reason)])

    def stamp(self) -> Stamp:
        return self.exchange.stamp()

    def ticker(self, symbol: str, last: float = 100.0) -> None:
        """Tell the last price, without other figures."""
        self.feed.apply_updates([TickerUpdate(ticker=Ticker(symbol=symbol, last=last, stamp=self.stamp()))])

    def book(self, symbol: str, *, shift: float = 0.0) -> None:
        """Tell the order book that a request would give, with other sizes if `shift` is not 0."""
        steps = np.arange(1.0, 61.0)
        bids, asks = (np.column_stack((100 + sign * steps / 100, steps + shift)) for sign in (-1, 1))
        stamp = self.stamp()
        self.reader.books[symbol] = OrderBook(symbol=symbol, bids=bids, asks=asks, stamp=stamp)
        self.feed.apply_updates([BookUpdate(symbol=symbol, observed_ms=stamp.observed_ms, received_ms=stamp.received_ms)])

    def trade(self, symbol: str, *, contiguous: bool = True) -> None:
        """Tell one trade."""
        stamp, one = self.stamp(), np.ones(1)
        trades = Trades(
            symbol=symbol,
            ids=(f"s{stamp.observed_ms}",),
            time_ms=np.array([stamp.observed_ms]),
            price=one * 100,
            size=one,
            side=one,
            stamp=stamp,
        )
        self.feed.apply_updates([TradesUpdate(trades=trades, contiguous=contiguous)])

    def bar(self, symbol: str, *, minutes_later: int = 0) -> None:
        """Tell the minute bar that has just closed, or a later one."""
        stamp = self.stamp()
        opened = np.array([stamp.observed_ms // Timeframe.M1.ms * Timeframe.M1.ms + (minutes_later - 1) * Timeframe.M1.ms])
        price = 100 + np.sin(opened / Timeframe.M1.ms)
        bars = Candles(
            symbol=symbol,
            timeframe=Timeframe.M1,
            open_ms=opened,
            open=price,
            high=price * 1.01,
            low=price / 1.01,
            close=price,
            volume=price,
            stamp=stamp,
        )
        self.feed.apply_updates([CandlesUpdate(candles=bars)])

    def liquidations(self, symbol: str, *sizes: float, since_ms: int = 0) -> None:
        """Tell liquidations of short positions."""
        new = liquidations(symbol, *sizes, stamp=self.stamp(), since_ms=since_ms)
        self.feed.apply_updates([LiquidationsUpdate(liquidations=new)])

    def all(self, kinds: Sequence[InputKind] = KINDS) -> None:
        """Tell news of these kinds for all symbols, except bars."""
        tell: Mapping[InputKind, Callable[[str], None]] = {
            InputKind.TICKERS: self.ticker,
            InputKind.ORDER_BOOK: self.book,
            InputKind.TRADES: self.trade,
            InputKind.LIQUIDATIONS: self.liquidations,
        }
        for symbol in self.symbols if self.running else ():
            for kind, tell_one in tell.items():
                if kind in kinds and kind not in self.lost:
                    tell_one(symbol)
