"""The reader of Bybit's streams (v5, linear perpetuals)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import BookFlow, Instrument, OrderBook, Stamp
from virtuoso.domain.plausibility import SECOND_MS
from virtuoso.domain.stream_updates import StreamUpdate
from virtuoso.exchange.replies import whole_number
from virtuoso.exchange.streams.bybit_topics import (
    BookTopic,
    BybitTopic,
    CandlesTopic,
    LiquidationsTopic,
    SymbolState,
    TickerTopic,
    TradesTopic,
    lost,
    read_safely,
)
from virtuoso.exchange.streams.facts import BYBIT
from virtuoso.exchange.streams.measures import StreamMeasures
from virtuoso.exchange.streams.reader import Topic
from virtuoso.exchange.streams.stream_clock import StreamClock

_TOPIC = re.compile(r'"topic":"([^"]+)"')
_HOLES = {InputKind.TRADES, InputKind.TICKERS, InputKind.CANDLES, InputKind.LIQUIDATIONS}  # a book finds its gaps itself


class BybitReader:
    """See StreamReader."""

    kinds = frozenset(BYBIT.names)

    def __init__(self) -> None:
        self._clock = StreamClock()
        self._measures = StreamMeasures(BYBIT.venue)
        self._states: dict[str, SymbolState] = {}
        self._topics: dict[int, dict[str, BybitTopic]] = {}  # by connection and name, in the order in which they opened

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """See StreamReader."""
        for each in instruments:
            if (state := self._states.get(each.symbol)) is None:
                self._states[each.symbol] = SymbolState(each)
            else:
                state.instrument = each

    def opened(self, connection: int, topics: Sequence[Topic], received_ms: int) -> Sequence[StreamUpdate]:
        """See StreamReader. Tell of each topic of liquidations since when it is complete."""
        updates: list[StreamUpdate] = []
        for topic in topics:
            if (state := self._states.get(topic.symbol)) is None:
                continue
            alone = not self._others(topic)
            created = self._create(topic, state)
            self._topics.setdefault(connection, {})[BYBIT.topic_names(topic)[0]] = created
            if alone:
                created.lose(received_ms)  # what came before the subscription is missing
            if alone and isinstance(created, LiquidationsTopic):
                updates.append(created.begin())
        return updates

    def frame(self, connection: int, data: str | bytes, received_ms: int) -> Sequence[StreamUpdate]:
        """See StreamReader."""
        topics = self._topics.get(connection, {})
        message = _message(data)
        if message is None:
            return self._unreadable(topics, data, received_ms)
        topic = topics.get(message["topic"]) if "topic" in message else None
        if topic is None:  # an answer to a request, or a topic that has just ended
            return ()
        venue_ms = whole_number(message.get("cts") or message.get("ts"))
        observed_ms = None if venue_ms is None else self._clock.observed_ms(venue_ms, received_ms)
        if observed_ms is None:
            topic.lose(received_ms)
            return self._fault(topic, "time")
        self._measures.message(topic.kind, received_ms - observed_ms)
        updates, reason = read_safely(topic, message, Stamp(observed_ms=observed_ms, received_ms=received_ms))
        if reason:
            return self._fault(topic, reason)
        if isinstance(topic, CandlesTopic):  # comes every second or two
            return [*updates, *self._watch_again(topics, topic.topic.symbol, received_ms)]
        other_book = isinstance(topic, BookTopic) and topic is not self._book_of(topic.topic.symbol)
        return () if other_book else updates

    def shortened(self, data: str | bytes) -> str | bytes:
        """See StreamReader."""
        return data

    def heard_ms(self, connection: int, topic: Topic) -> int | None:
        """See StreamReader. A market may be without trades for minutes. While its last price does not change, its ticker
        says that no trade is missing."""
        topics = self._topics.get(connection, {})
        found = topics.get(BYBIT.topic_names(topic)[0])
        if not isinstance(found, TradesTopic):
            return found.heard_ms if found else None
        ticker = topics.get(BYBIT.topic_names(Topic(InputKind.TICKERS, topic.symbol))[0])
        return found.state.trade_due_ms or max(found.heard_ms or 0, (ticker and ticker.heard_ms) or 0) or None

    def wanted_books(self) -> Mapping[str, int]:
        """See StreamReader. Bybit's streams begin with a snapshot."""
        return {}

    def rest_book(self, symbol: str, text: str, received_ms: int) -> Sequence[StreamUpdate]:  # noqa: ARG002
        """See StreamReader."""
        return ()

    def closed(self, connection: int, topics: Sequence[Topic], reason: str) -> Sequence[StreamUpdate]:
        """See StreamReader."""
        updates: list[StreamUpdate] = []
        known = self._topics.get(connection, {})
        for topic in topics:
            ended = known.pop(BYBIT.topic_names(topic)[0], None)
            if ended is None:
                continue
            others = self._others(topic)
            if not others or (isinstance(ended, BookTopic) and self._book_of(topic.symbol) is None):
                updates.append(lost(topic, reason))
            elif isinstance(ended, TradesTopic) and not any(each.intact for each in others):
                ended.forget()  # the others have not sent any yet: those between may be missing
        if not known:
            self._topics.pop(connection, None)
        return updates

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        """See StreamReader."""
        topic = self._book_of(symbol)
        return topic.book.book(levels) if topic else None

    def book_flow(self, symbol: str) -> BookFlow | None:
        """See StreamReader."""
        topic = self._book_of(symbol)
        return topic.book.flow() if topic else None

    @staticmethod
    def _watch_again(topics: Mapping[str, BybitTopic], symbol: str, received_ms: int) -> Sequence[StreamUpdate]:
        """Tell since when liquidations are complete again. The next one may come in hours, so this does not wait for it."""
        found = topics.get(BYBIT.topic_names(Topic(InputKind.LIQUIDATIONS, symbol))[0])
        if not isinstance(found, LiquidationsTopic) or found.intact or received_ms - found.lost_ms < SECOND_MS:
            return ()
        return [found.begin()]

    def _create(self, topic: Topic, state: SymbolState) -> BybitTopic:
        kinds = (BookTopic, TradesTopic, TickerTopic, CandlesTopic, LiquidationsTopic)
        return {each.kind: each for each in kinds}[topic.kind](state)

    def _others(self, topic: Topic) -> list[BybitTopic]:
        """Return a topic on all connections that have it."""
        name = BYBIT.topic_names(topic)[0]
        return [topics[name] for topics in self._topics.values() if name in topics]

    def _book_of(self, symbol: str) -> BookTopic | None:
        """Return the topic with the book of a symbol: on the oldest connection that has one."""
        name = f"orderbook.50.{symbol}"
        for topics in self._topics.values():
            found = topics.get(name)
            if isinstance(found, BookTopic) and found.book:
                return found
        return None

    def _fault(self, topic: BybitTopic, reason: str) -> Sequence[StreamUpdate]:
        """Return the loss of a topic, unless another connection has its order book."""
        self._measures.refused(reason)
        if isinstance(topic, BookTopic) and self._book_of(topic.topic.symbol):
            return ()
        return [lost(topic.topic, reason)]

    def _unreadable(self, topics: Mapping[str, BybitTopic], data: str | bytes, received_ms: int) -> Sequence[StreamUpdate]:
        """Return the loss of the topic that the message names. Without a name, any topic may have lost a message."""
        self._measures.refused("garbage")
        named = _TOPIC.search(data[:200]) if isinstance(data, str) else None
        topic = topics.get(named[1]) if named else None
        found = [topic] if topic else [each for each in topics.values() if each.kind in _HOLES]
        intact = [each.topic for each in found if each.intact]
        for each in found:
            each.lose(received_ms)
        return [lost(each, "garbage") for each in intact]


def _message(data: str | bytes) -> Mapping[str, Any] | None:
    """Return a message of a topic or an answer. Return None for anything else."""
    try:
        message = orjson.loads(data)
    except ValueError:
        return None
    known = isinstance(message, dict) and (isinstance(message.get("topic"), str) or "op" in message)
    return message if known else None
