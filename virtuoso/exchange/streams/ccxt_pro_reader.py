"""The reader of streams that ccxt.pro keeps, for venues without a reader of their own.

A frame is what `ccxt_pro` has read from ccxt's caches since the last one, as JSON with ccxt's unified names:

    {"kind": "book", "symbol", "contract", "time", "bids", "asks"}      whole: what `watchOrderBookForSymbols` keeps
    {"kind": "trades", "symbol", "contract", "contiguous", "rows"}      new rows of `watchTradesForSymbols`
    {"kind": "tickers", "contracts", "rows"}                            changed rows of `watchTickers`
    {"kind": "bars", "symbol", "time", "rows"}                          ended minute bars of `watchOHLCVForSymbols`
    {"kind": "liquidations", "contracts", "rows"}                       new rows of `watchLiquidationsForSymbols`

`contract` has the base units per contract. `time` is None for venues that do not date their books. That of bars is the start
of the bar that is forming. Liquidations are watched from the first one on, of any symbol, because ccxt does not tell whether
the venue has accepted a subscription. They are lower bounds: ccxt and the venue leave some out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Stamp, Timeframe
from virtuoso.domain.plausibility import MAX_BOOK_STEP_BACK_MS, MAX_CLOCK_LEAD_MS
from virtuoso.domain.stream_updates import (
    BookUpdate,
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.exchange.candles import read_candles
from virtuoso.exchange.funding_intervals import FundingIntervals
from virtuoso.exchange.rows import count_accepted, count_refused, mappings, positive, read_trades, row_time
from virtuoso.exchange.streams.binance_rows import LiquidationRow, liquidations_of
from virtuoso.exchange.streams.local_book import LocalBook
from virtuoso.exchange.streams.measures import StreamMeasures
from virtuoso.exchange.streams.reader import Topic
from virtuoso.exchange.streams.stream_clock import StreamClock
from virtuoso.exchange.tickers import read_tickers
from virtuoso.exchange.venues import UNIFIED

if TYPE_CHECKING:
    from virtuoso.domain.model import BookFlow, Instrument, OrderBook

Message = Mapping[str, Any]
Updates = Sequence[StreamUpdate]
KNOWN_IDS = 4_000  # of trades of one symbol; one that comes twice counts once


class CcxtProReader:
    """See StreamReader. `kinds` are those that ccxt streams of the venue. The next frame of a lost topic opens it again."""

    def __init__(self, venue: str, kinds: frozenset[InputKind]) -> None:
        self.venue, self.kinds = venue, kinds
        self._clock = StreamClock()
        self._measures = StreamMeasures(venue)
        self._instruments: dict[str, Instrument] = {}
        self._by_key: dict[str, Instrument] = {}  # by ccxt's symbol
        self._open: dict[Topic, int] = {}  # the connection by topic
        self._heard: dict[Topic, tuple[int, int]] = {}  # (newest venue time, our time when it became so)
        self._books: dict[str, LocalBook] = {}
        self._trades: dict[str, dict[str, None]] = {}  # the ids that were sent, by symbol
        self._tickers: dict[str, int] = {}  # the time of the last ticker
        self._watched: dict[str, int] = {}  # our time since which liquidations are sent
        self._intervals = FundingIntervals(None)  # only polled tickers have them

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """See StreamReader."""
        self._instruments |= {each.symbol: each for each in instruments}
        self._by_key |= {each.venue_symbol: each for each in instruments}

    def opened(self, connection: int, topics: Sequence[Topic], received_ms: int) -> Updates:  # noqa: ARG002
        """See StreamReader."""
        self._open |= dict.fromkeys(topics, connection)
        return ()

    def frame(self, connection: int, data: str | bytes, received_ms: int) -> Updates:
        """See StreamReader."""
        try:
            message = orjson.loads(data)
        except ValueError:
            message = None
        if isinstance(message, dict):
            match message.get("kind"):
                case "book":
                    return self._read_book(connection, message, received_ms)
                case "trades":
                    return self._read_trades(connection, message, received_ms)
                case "tickers":
                    return self._read_tickers(connection, message, received_ms)
                case "bars":
                    return self._read_bars(connection, message, received_ms)
                case "liquidations":
                    return self._read_liquidations(connection, message, received_ms)
        self._measures.refused("garbage")
        return ()

    def shortened(self, data: str | bytes) -> str | bytes:
        """See StreamReader."""
        return data

    def heard_ms(self, connection: int, topic: Topic) -> int | None:
        """See StreamReader."""
        return self._heard[topic][1] if topic in self._heard and self._open.get(topic) == connection else None

    def wanted_books(self) -> Mapping[str, int]:
        """See StreamReader. ccxt reads the books itself."""
        return {}

    def rest_book(self, symbol: str, text: str, received_ms: int) -> Updates:  # noqa: ARG002
        """See StreamReader."""
        return ()

    def closed(self, connection: int, topics: Sequence[Topic], reason: str) -> Updates:
        """See StreamReader."""
        ended = [topic for topic in topics if self._open.get(topic) == connection]
        for topic in ended:
            del self._open[topic]
            self._heard.pop(topic, None)
            if topic.kind is InputKind.ORDER_BOOK:
                self._books.pop(topic.symbol, None)
            elif topic.kind is InputKind.TRADES:
                self._trades.pop(topic.symbol, None)
            elif topic.kind is InputKind.LIQUIDATIONS:
                self._watched.pop(topic.symbol, None)
        return [StreamLost(kind=topic.kind, symbol=topic.symbol, reason=reason) for topic in ended]

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        """See StreamReader."""
        book = self._books.get(symbol)
        return book.book(levels) if book else None

    def book_flow(self, symbol: str) -> BookFlow | None:
        """See StreamReader. Changes between two frames count as one."""
        book = self._books.get(symbol)
        return book.flow() if book else None

    def _stamp(self, connection: int, topic: Topic, event_ms: Any, received_ms: int) -> Stamp | None:
        """Return the times of a frame, and note that its topic was heard. Return None when the topic is not open, or the
        venue's time is not plausible."""
        if self._open.get(topic) != connection:
            return None
        time_ms = received_ms if event_ms is None else row_time(event_ms, received_ms + MAX_CLOCK_LEAD_MS)
        observed_ms = None if time_ms is None else self._clock.observed_ms(time_ms, received_ms)
        if observed_ms is None or time_ms is None:
            self._measures.refused("time")
            return None
        if time_ms > self._heard.get(topic, (0, 0))[0]:
            self._heard[topic] = time_ms, received_ms
        self._measures.message(topic.kind, received_ms - observed_ms)
        return Stamp(observed_ms=observed_ms, received_ms=received_ms)

    def _read_book(self, connection: int, message: Message, received_ms: int) -> Updates:
        symbol = str(message.get("symbol"))
        stamp = self._stamp(connection, Topic(InputKind.ORDER_BOOK, symbol), message.get("time"), received_ms)
        if stamp is None:
            return ()
        before = self._books.pop(symbol, None)
        book = LocalBook(symbol, contract=message["contract"])
        fault = book.snapshot(message.get("bids"), message.get("asks"), stamp.observed_ms, received_ms)
        if fault is None and before and stamp.observed_ms < before.observed_ms - MAX_BOOK_STEP_BACK_MS:
            fault = "backwards"
            count_refused("book_backwards")
        if fault is not None:
            return (StreamLost(kind=InputKind.ORDER_BOOK, symbol=symbol, reason=fault),) if before else ()
        if before:
            book.continue_flow(before)
        self._books[symbol] = book
        return (BookUpdate(symbol=symbol, observed_ms=book.observed_ms, received_ms=received_ms),)

    def _read_trades(self, connection: int, message: Message, received_ms: int) -> Updates:
        symbol = str(message.get("symbol"))
        try:
            rows = mappings(message.get("rows"))
            times = [row_time(row.get(UNIFIED.trade.time), received_ms + MAX_CLOCK_LEAD_MS) or 0 for row in rows]
            stamp = self._stamp(connection, Topic(InputKind.TRADES, symbol), max(times, default=0), received_ms)
            if stamp is None:
                return ()
            trades = read_trades(rows, UNIFIED.trade, symbol, stamp, contract=message["contract"])
        except ExchangeError:  # already counted
            return ()
        known = self._trades.setdefault(symbol, {})
        new = [name not in known for name in trades.ids]
        count_refused("trade_duplicate", new.count(False))
        contiguous = bool(known) and message.get("contiguous") is True and len(trades.ids) == len(rows)
        known |= dict.fromkeys(trades.ids)
        for name in list(known)[: max(0, len(known) - KNOWN_IDS)]:
            del known[name]
        if not any(new):
            return ()
        chosen = np.array(new)
        ids = [name for name, is_new in zip(trades.ids, new, strict=True) if is_new]
        columns = {name: getattr(trades, name)[chosen] for name in ("time_ms", "price", "size", "side")}
        return (TradesUpdate(trades=replace(trades, ids=ids, **columns), contiguous=contiguous),)

    def _read_tickers(self, connection: int, message: Message, received_ms: int) -> Updates:
        updates: list[StreamUpdate] = []
        rows, names = message.get("rows"), UNIFIED.ticker
        for row in rows if isinstance(rows, list) else ():
            key = row.get(names.symbol) if isinstance(row, dict) else None
            instrument = self._by_key.get(key) if isinstance(key, str) else None
            if instrument is None:
                continue
            topic = Topic(InputKind.TICKERS, instrument.symbol)
            stamp = self._stamp(connection, topic, row.get(names.time), received_ms)
            if stamp is None or stamp.observed_ms <= self._tickers.get(instrument.symbol, 0):
                continue
            try:
                (ticker,) = read_tickers(
                    *([row], names, {instrument.venue_symbol: instrument}, stamp),
                    venue_ms=stamp.observed_ms,
                    premiums={},
                    premium=UNIFIED.premium,
                    intervals=self._intervals,
                    contracts=message["contracts"],
                ).values()
            except ExchangeError:  # already counted
                continue
            self._tickers[instrument.symbol] = stamp.observed_ms
            updates.append(TickerUpdate(ticker=ticker))
        return updates

    def _read_bars(self, connection: int, message: Message, received_ms: int) -> Updates:
        symbol, rows = str(message.get("symbol")), message.get("rows")
        stamp = self._stamp(connection, Topic(InputKind.CANDLES, symbol), message.get("time"), received_ms)
        if stamp is None or not isinstance(rows, list):
            return ()
        try:
            return (CandlesUpdate(candles=read_candles(rows, symbol, Timeframe.M1, stamp, limit=len(rows), exact=True)),)
        except ExchangeError:  # already counted
            return ()

    def _read_liquidations(self, connection: int, message: Message, received_ms: int) -> Updates:
        try:
            rows = mappings(message.get("rows"))
        except ExchangeError:  # already counted
            return ()
        times = [row_time(row.get("timestamp"), received_ms + MAX_CLOCK_LEAD_MS) or 0 for row in rows]
        updates: list[StreamUpdate] = []
        for topic in [topic for topic in self._open if topic.kind is InputKind.LIQUIDATIONS]:
            stamp = self._stamp(connection, topic, max(times, default=0), received_ms)
            if stamp is None:
                continue
            begins = topic.symbol not in self._watched
            since_ms = self._watched.setdefault(topic.symbol, min(stamp.observed_ms, received_ms))
            found = [
                liquidation
                for row, time_ms in zip(rows, times, strict=True)
                if (instrument := self._by_key.get(str(row.get("symbol")))) is not None
                and instrument.symbol == topic.symbol
                and (liquidation := _liquidation(row, time_ms, message["contracts"][topic.symbol])) is not None
            ]
            if begins or found:
                liquidations = liquidations_of(topic.symbol, sorted(found), stamp, since_ms)
                updates.append(LiquidationsUpdate(liquidations=liquidations))
        return updates


def _liquidation(row: Message, time_ms: int, contract: float) -> LiquidationRow | None:
    """Return a liquidation in base units. Return None when it is not plausible."""
    price, size = positive(row.get("price")), positive(row.get("contracts"))
    sign = {"sell": -1.0, "buy": 1.0}.get(str(row.get("side")))
    if price is None or size is None or sign is None or not time_ms:
        count_refused("liquidation_number" if time_ms and sign else "liquidation_side" if time_ms else "liquidation_time")
        return None
    count_accepted("liquidation", 1)
    return time_ms, price, size * contract, sign
