"""The reader of Binance USD-M's streams. ../README.md has what was learned about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Stamp, Timeframe
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS, MAX_STREAMED_PREMIUM_AGE_MS, SECOND_MS
from virtuoso.domain.stream_updates import (
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.exchange.funding_intervals import FundingIntervals
from virtuoso.exchange.rows import count_accepted, count_refused, keyed, row_time, timely
from virtuoso.exchange.streams.binance_rows import (
    PREMIUM,
    PREMIUM_EVENT,
    TICKER,
    TICKER_EVENT,
    LiquidationRow,
    Message,
    event_id,
    liquidations_of,
    read_bar,
    read_change,
    read_liquidation,
    read_requested_book,
    read_trade,
    without_unread,
)
from virtuoso.exchange.streams.depth_book import DepthBook
from virtuoso.exchange.streams.facts import BINANCE
from virtuoso.exchange.streams.measures import StreamMeasures
from virtuoso.exchange.streams.reader import Topic
from virtuoso.exchange.streams.stream_clock import StreamClock
from virtuoso.exchange.tickers import read_tickers

if TYPE_CHECKING:
    from virtuoso.domain.model import BookFlow, Instrument, OrderBook

Updates = Sequence[StreamUpdate]

LONG_MESSAGE = 10_000  # characters
KEPT_LIQUIDATIONS = 10_000  # to send each only once while two connections are open
NO_PREMIUMS: Mapping[str, Message] = MappingProxyType({})
TICKERS, LIQUIDATIONS = Topic(InputKind.TICKERS), Topic(InputKind.LIQUIDATIONS)
PREMIUMS = Topic(InputKind.PREMIUMS)  # the part of the tickers' topic that has the premiums
DUPLICATES = {InputKind.ORDER_BOOK: "book", InputKind.TRADES: "trade", InputKind.LIQUIDATIONS: "liquidation"}


class BinanceReader:
    """See StreamReader. The ids of trades are those of the venue's REST trades.

    An order book that was lost is read again by request, not by a new subscription."""

    kinds = frozenset(BINANCE.names)

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}
        self._clock = StreamClock()
        self._measures = StreamMeasures(BINANCE.venue)
        self._now_ms = 0  # the last time of receipt
        self._open: dict[Topic, set[int]] = {}  # connections by topic
        self._heard: dict[tuple[int, Topic], tuple[int, int]] = {}  # (newest venue time, our time when it became so)
        self._books: dict[str, DepthBook] = {}
        self._trades: dict[str, tuple[int, int]] = {}  # (id, time) of the last trade
        self._bars: dict[str, int] = {}  # the opening time of the newest closed bar
        self._tickers: dict[str, int] = {}  # the time of the last ticker
        self._intervals = FundingIntervals(None)  # only polled tickers have them
        self._premiums = NO_PREMIUMS
        self._premiums_ms = 0
        self._watched_ms = 0  # our time since which no liquidation that the venue sent was missed
        self._liquidated: dict[tuple[str, LiquidationRow], None] = {}
        self._readers: Mapping[str, Callable[[int, Message, int], Updates]] = {
            "depthUpdate": self._read_change,
            "trade": self._read_trade,
            "kline": self._read_bar,
            "forceOrder": self._read_liquidation,
        }

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """See StreamReader."""
        self._instruments |= {each.symbol: each for each in instruments}

    def opened(self, connection: int, topics: Sequence[Topic], received_ms: int) -> Updates:
        """See StreamReader. Tell of each symbol since when its liquidations are watched."""
        self._now_ms = received_ms
        updates: list[StreamUpdate] = []
        for topic in topics:
            connections = self._open.setdefault(topic, set())
            if not connections and topic.kind is InputKind.ORDER_BOOK:
                self._books[topic.symbol] = DepthBook(topic.symbol)
            elif not connections and topic == LIQUIDATIONS:
                updates += self._watch_liquidations(received_ms)
            connections.add(connection)
        return updates

    def frame(self, connection: int, data: str | bytes, received_ms: int) -> Updates:
        """See StreamReader."""
        self._now_ms = received_ms
        try:
            message: Any = orjson.loads(data)
        except ValueError:
            return self._unreadable(connection, received_ms)
        if isinstance(message, dict) and "stream" in message:
            message = message.get("data")
        if isinstance(message, list):
            return self._read_rows(connection, message, received_ms)
        if not isinstance(message, dict):
            return self._unreadable(connection, received_ms)
        kind = message.get("e")
        if kind in (TICKER_EVENT, PREMIUM_EVENT):
            return self._read_rows(connection, [message], received_ms)
        read = self._readers.get(kind) if isinstance(kind, str) else None
        if read is not None:
            return read(connection, message, received_ms)
        return () if "result" in message or "error" in message else self._unreadable(connection, received_ms)

    def shortened(self, data: str | bytes) -> str | bytes:
        """See StreamReader. Tickers and mark prices of the whole venue are the longest messages of all."""
        return without_unread(data) if isinstance(data, str) and len(data) > LONG_MESSAGE else data

    def heard_ms(self, connection: int, topic: Topic) -> int | None:
        """See StreamReader."""
        heard = self._heard.get((connection, topic), (0, None))[1]
        if topic != TICKERS or heard is None:
            return heard
        premiums = self._heard.get((connection, PREMIUMS), (0, None))[1]
        return None if premiums is None else min(heard, premiums)

    def wanted_books(self) -> Mapping[str, int]:
        """See StreamReader."""
        now_ms = self._now_ms
        return {symbol: levels for symbol, book in self._books.items() if (levels := book.wanted_levels(now_ms))}

    def rest_book(self, symbol: str, text: str, received_ms: int) -> Updates:
        """See StreamReader."""
        self._now_ms = received_ms
        if (book := self._books.get(symbol)) is None:
            return ()
        requested = read_requested_book(text, received_ms)
        if requested is None:
            book.refuse(received_ms)
            return ()
        return book.requested(requested)

    def closed(self, connection: int, topics: Sequence[Topic], reason: str) -> Updates:
        """See StreamReader."""
        updates: list[StreamUpdate] = []
        for topic in topics:
            connections = self._open.get(topic, set())
            connections.discard(connection)
            self._heard.pop((connection, topic), None)
            if topic == TICKERS:
                self._heard.pop((connection, PREMIUMS), None)
            if not connections and self._open.pop(topic, None) is not None:
                self._forget(topic)
                updates.append(StreamLost(kind=topic.kind, symbol=topic.symbol, reason=reason))
        return updates

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        """See StreamReader."""
        book = self._books.get(symbol)
        return book.local.book(levels) if book else None

    def book_flow(self, symbol: str) -> BookFlow | None:
        """See StreamReader."""
        book = self._books.get(symbol)
        return book.local.flow() if book else None

    def _forget(self, topic: Topic) -> None:
        match topic.kind:
            case InputKind.ORDER_BOOK:
                del self._books[topic.symbol]
            case InputKind.TRADES:
                self._trades.pop(topic.symbol, None)
            case InputKind.CANDLES:
                self._bars.pop(topic.symbol, None)
            case InputKind.TICKERS:
                self._premiums = NO_PREMIUMS

    def _unreadable(self, connection: int, received_ms: int) -> Updates:
        """Count a message that cannot be read. It may have been of a liquidation. Other kinds notice a missing message."""
        self._measures.refused("garbage")
        sent_lately = received_ms - self._watched_ms < SECOND_MS  # each time, all symbols are sent
        return (
            ()
            if sent_lately or connection not in self._open.get(LIQUIDATIONS, ())
            else self._watch_liquidations(received_ms)
        )

    def _stamp(self, connection: int, topic: Topic, event_ms: Any, received_ms: int) -> Stamp | None:
        """Return the times of a message, and note that its topic was heard. Return None when the topic is not open, or the
        venue's time is not plausible."""
        if connection not in self._open.get(topic if topic != PREMIUMS else TICKERS, ()):
            return None
        time_ms = row_time(event_ms, received_ms + MAX_CLOCK_LEAD_MS)
        observed_ms = None if time_ms is None else self._clock.observed_ms(time_ms, received_ms)
        if observed_ms is None or time_ms is None:
            self._measures.refused("time")
            return None
        if time_ms > self._heard.get((connection, topic), (0, 0))[0]:
            self._heard[connection, topic] = time_ms, received_ms
        self._measures.message(topic.kind, received_ms - observed_ms)
        return Stamp(observed_ms=observed_ms, received_ms=received_ms)

    def _count_duplicate(self, topic: Topic) -> None:
        """Count a message that was sent before, unless another connection sent it."""
        if len(self._open[topic]) == 1:
            count_refused(f"{DUPLICATES[topic.kind]}_duplicate")

    def _read_change(self, connection: int, message: Message, received_ms: int) -> Updates:
        symbol = message.get("s")
        if not isinstance(symbol, str) or (book := self._books.get(symbol)) is None:
            return ()
        stamp = self._stamp(connection, Topic(InputKind.ORDER_BOOK, symbol), message.get("E"), received_ms)
        if stamp is None or (change := read_change(message, stamp)) is None:
            return ()
        if book.has(change):
            self._count_duplicate(Topic(InputKind.ORDER_BOOK, symbol))
            return ()
        return book.change(change)

    def _read_trade(self, connection: int, message: Message, received_ms: int) -> Updates:
        symbol, number = message.get("s"), event_id(message.get("t"))
        if not isinstance(symbol, str):
            return ()
        stamp = self._stamp(connection, Topic(InputKind.TRADES, symbol), message.get("E"), received_ms)
        if stamp is None:
            return ()
        last, last_ms = self._trades.get(symbol, (-2, 0))
        if number is None:
            count_refused("trade_id")
        elif number <= last:
            self._count_duplicate(Topic(InputKind.TRADES, symbol))
        elif message.get("X", "MARKET") != "MARKET":  # of the insurance fund: REST does not list it either
            self._trades[symbol] = number, last_ms
        elif (trades := read_trade(message, symbol, number, stamp, last_ms)) is not None:
            self._trades[symbol] = number, int(trades.time_ms[0])
            return (TradesUpdate(trades=trades, contiguous=number == last + 1),)
        return ()

    def _read_bar(self, connection: int, message: Message, received_ms: int) -> Updates:
        """Tell of each closed bar once. When a bar is missing, the topic is lost until the next one."""
        symbol, bar, event_ms = message.get("s"), message.get("k"), event_id(message.get("E"))
        if not isinstance(symbol, str) or not isinstance(bar, dict) or bar.get("i") != Timeframe.M1.value:
            return ()
        topic = Topic(InputKind.CANDLES, symbol)
        open_ms = event_id(bar.get("t"))
        if self._stamp(connection, topic, event_ms, received_ms) is None or event_ms is None or open_ms is None:
            return ()
        newest_ms = self._bars.get(symbol, 0)
        if bar.get("x") is True and open_ms > newest_ms:
            if (candles := read_bar(bar, symbol, event_ms, received_ms)) is not None:
                self._bars[symbol] = open_ms
                return (CandlesUpdate(candles=candles),)
        elif newest_ms and open_ms > newest_ms + Timeframe.M1.ms:
            del self._bars[symbol]
            return (StreamLost(kind=InputKind.CANDLES, symbol=symbol, reason="gap"),)
        return ()

    def _read_liquidation(self, connection: int, message: Message, received_ms: int) -> Updates:
        stamp = self._stamp(connection, LIQUIDATIONS, message.get("E"), received_ms)
        order = message.get("o")
        symbol = order.get("s") if isinstance(order, dict) else None
        if stamp is None or not isinstance(order, dict) or not isinstance(symbol, str) or symbol not in self._instruments:
            return ()
        row = read_liquidation(order, stamp)
        if row is None:
            return ()
        if (symbol, row) in self._liquidated:
            self._count_duplicate(LIQUIDATIONS)
            return ()
        self._liquidated[symbol, row] = None
        if len(self._liquidated) > KEPT_LIQUIDATIONS:
            del self._liquidated[next(iter(self._liquidated))]
        return (LiquidationsUpdate(liquidations=liquidations_of(symbol, [row], stamp, self._watched_ms)),)

    def _watch_liquidations(self, received_ms: int) -> Updates:
        """Tell of each symbol that its liquidations are watched from now on."""
        self._watched_ms = received_ms
        stamp = Stamp(observed_ms=received_ms, received_ms=received_ms)
        return [
            LiquidationsUpdate(liquidations=liquidations_of(symbol, (), stamp, received_ms)) for symbol in self._instruments
        ]

    def _read_rows(self, connection: int, messages: Sequence[Any], received_ms: int) -> Updates:
        """Read tickers or mark prices."""
        rows = [each for each in messages if isinstance(each, dict)]
        count_refused("row_shape", len(messages) - len(rows))
        tickers, premiums = ([row for row in rows if row.get("e") == event] for event in (TICKER_EVENT, PREMIUM_EVENT))
        if premiums:
            self._read_premiums(connection, premiums, received_ms)
        return self._read_tickers(connection, tickers, received_ms) if tickers else ()

    def _read_premiums(self, connection: int, rows: Sequence[Message], received_ms: int) -> None:
        """Keep mark price, index price and funding rate of all symbols for the next tickers."""
        if self._stamp(connection, PREMIUMS, _newest(rows, received_ms), received_ms) is not None:
            premiums = keyed(timely(rows, PREMIUM.time, received_ms), PREMIUM.symbol, "premium")
            count_accepted("premium", len(premiums))
            self._premiums, self._premiums_ms = {**self._premiums, **premiums}, received_ms

    def _read_tickers(self, connection: int, rows: Sequence[Message], received_ms: int) -> Updates:
        venue_ms = _newest(rows, received_ms)
        stamp = self._stamp(connection, TICKERS, venue_ms, received_ms)
        if stamp is None or venue_ms is None:
            return ()
        try:
            tickers = read_tickers(
                *(rows, TICKER, self._instruments, stamp),
                venue_ms=venue_ms,
                premiums=self._premiums if received_ms - self._premiums_ms <= MAX_STREAMED_PREMIUM_AGE_MS else NO_PREMIUMS,
                premium=PREMIUM,
                intervals=self._intervals,
            )
        except ExchangeError:  # already counted
            return ()
        newer = [each for each in tickers.values() if each.stamp.observed_ms > self._tickers.get(each.symbol, 0)]
        self._tickers |= {each.symbol: each.stamp.observed_ms for each in newer}
        return [TickerUpdate(ticker=each) for each in newer]


def _newest(rows: Sequence[Message], received_ms: int) -> int | None:
    """Return the newest plausible time of the messages, if there is one."""
    times = (row_time(row.get("E"), received_ms + MAX_CLOCK_LEAD_MS) for row in rows)
    return max((time_ms for time_ms in times if time_ms is not None), default=None)
