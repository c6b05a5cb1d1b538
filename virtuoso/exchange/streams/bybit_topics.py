"""The topics of Bybit's streams. Each reads the messages of one topic on one connection."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument, Liquidations, Stamp, Ticker, Timeframe, Trades
from virtuoso.domain.plausibility import MAX_ROW_LEAD_MS, MINUTE_MS, SECOND_MS
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
from virtuoso.exchange.rows import count_accepted, count_refused, number, positive, read_trades, row_time
from virtuoso.exchange.streams.local_book import LocalBook
from virtuoso.exchange.streams.reader import Topic
from virtuoso.exchange.tickers import read_tickers
from virtuoso.exchange.venues import UNIFIED, TradeNames, venue_facts

BOOK_LEVELS = 50
HELD_MESSAGES, HELD_MS = 4, SECOND_MS  # an order book waits so long for a missing message
TICKER_DELAY_MS = 2 * SECOND_MS  # a ticker comes after the trade whose price it has, by at most this time
KNOWN_KEYS, KNOWN_MS = 4_000, 2 * MINUTE_MS  # of trades or liquidations; one that comes twice within this time counts once
TRADE_NAMES = TradeNames("i", "T", "p", "v", "S", "Buy", "Sell")
TICKER_NAMES = venue_facts("bybit").names.ticker
# The fields of a ticker that are used. All but the optional ones must be numbers, and of these only SIGNED may be below 0.
SIGNED = {TICKER_NAMES.change, TICKER_NAMES.funding}
UNSIGNED = {TICKER_NAMES.last, TICKER_NAMES.turnover, TICKER_NAMES.volume, TICKER_NAMES.mark, TICKER_NAMES.index}
UNSIGNED |= {TICKER_NAMES.open_interest}
PAYMENT = {TICKER_NAMES.interval.hours, TICKER_NAMES.interval.next_payment}  # may be left out
OPTIONAL = {TICKER_NAMES.open, TICKER_NAMES.high, TICKER_NAMES.low, TICKER_NAMES.change}  # "" in a new market
NEVER_0 = {TICKER_NAMES.last, *PAYMENT}
USED = SIGNED | UNSIGNED | PAYMENT | OPTIONAL
INTERVALS = FundingIntervals(None)  # a row states its interval

Message = Mapping[str, Any]


@dataclass(slots=True)
class SymbolState:
    """What the topics of one symbol share, on all connections."""

    instrument: Instrument
    newest_ms: dict[InputKind, int] = field(default_factory=dict)  # the newest time of the venue, by kind
    trades_told: OrderedDict[str, int] = field(default_factory=OrderedDict)  # our time by id
    trades_contiguous: bool = False
    trade_due_ms: int | None = None  # our time since which the last price is that of a trade that was not sent
    newest_trade: tuple[float, int] = 0.0, 0  # price of the newest trade that was sent, and our time of it
    newest_bar_ms: int = 0  # opening time of the newest bar
    known_liquidations: OrderedDict[tuple[Any, ...], int] = field(default_factory=OrderedDict)
    liquidations_since_ms: int = 0


def remember(known: OrderedDict[Any, int], key: Any, received_ms: int) -> bool:
    """Add a key, and forget those above KNOWN_KEYS or older than KNOWN_MS. Return False when the key is known."""
    if key in known:
        return False
    known[key] = received_ms
    while len(known) > KNOWN_KEYS or next(iter(known.values())) < received_ms - KNOWN_MS:
        known.popitem(last=False)
    return True


class BybitTopic:
    """One topic on one connection. `read` raises ValueError with the reason when a message shows that something is missing
    or wrong. `lose` is then called."""

    __slots__ = ("heard_ms", "intact", "lost_ms", "newest_ms", "state", "topic")
    kind: InputKind

    def __init__(self, state: SymbolState) -> None:
        self.state = state
        self.topic = Topic(self.kind, state.instrument.symbol)
        self.newest_ms = state.newest_ms.get(self.kind, 0)  # the newest time of the venue
        self.heard_ms: int | None = None  # our time when it became so
        self.intact = False  # a message was read, and none was missing or wrong since
        self.lost_ms = 0  # our time when a message was missing or wrong

    def read(self, message: Message, stamp: Stamp) -> Sequence[StreamUpdate]:
        """Return what a message changes."""
        raise NotImplementedError

    def lose(self, received_ms: int) -> None:
        """Note that a message is missing or wrong."""
        self.intact, self.lost_ms = False, received_ms
        self.forget()

    def forget(self) -> None:
        """Forget what is no longer right."""

    def accept(self, stamp: Stamp) -> None:
        """Note that a message could be read."""
        self.intact = True
        if stamp.observed_ms > self.newest_ms:
            self.newest_ms, self.heard_ms = stamp.observed_ms, stamp.received_ms
            self.state.newest_ms[self.kind] = max(stamp.observed_ms, self.state.newest_ms.get(self.kind, 0))


class BookTopic(BybitTopic):
    """An order book: a snapshot, then changes whose `u` rises by one. `u` = 1 is a new snapshot after a restart."""

    __slots__ = ("_held", "_held_since_ms", "_u", "book")
    kind = InputKind.ORDER_BOOK

    def __init__(self, state: SymbolState) -> None:
        super().__init__(state)
        self.book = LocalBook(state.instrument.symbol, depth=BOOK_LEVELS)
        self._u = 0
        self._held: dict[int, tuple[Message, Stamp]] = {}  # by u: messages after a missing one
        self._held_since_ms = 0

    def read(self, message: Message, stamp: Stamp) -> Sequence[StreamUpdate]:
        """See BybitTopic. A message that comes after its successor is put in order."""
        data = message["data"]
        u = data["u"]
        if not isinstance(u, int) or data["s"] != self.topic.symbol:
            raise ValueError("shape")
        if message["type"] == "snapshot" or u == 1:
            self._held.clear()
            self._apply(self.book.snapshot, u, data, stamp)
        elif not self.book:
            return ()
        elif u > self._u + 1:
            self._hold(u, message, stamp)
            return ()
        elif u <= self._u:
            count_refused("book_duplicate")
            return ()
        else:
            self._apply(self.book.change, u, data, stamp)
            while held := self._held.pop(self._u + 1, None):
                self._apply(self.book.change, self._u + 1, held[0]["data"], held[1])
        return [BookUpdate(symbol=self.topic.symbol, observed_ms=self.book.observed_ms, received_ms=self.book.received_ms)]

    def _apply(self, change: Any, u: int, data: Message, stamp: Stamp) -> None:
        if fault := change(data["b"], data["a"], stamp.observed_ms, stamp.received_ms):
            raise ValueError(fault)
        self._u = u
        self.accept(stamp)

    def _hold(self, u: int, message: Message, stamp: Stamp) -> None:
        if not self._held:
            self._held_since_ms = stamp.received_ms
        self._held[u] = message, stamp
        if len(self._held) > HELD_MESSAGES or stamp.received_ms - self._held_since_ms > HELD_MS:
            raise ValueError("gap")

    def forget(self) -> None:
        """See BybitTopic."""
        self.book.clear()
        self._held.clear()


class TradesTopic(BybitTopic):
    """Trades, each with its id. The ids are not consecutive, so a missing trade cannot be seen from them."""

    kind = InputKind.TRADES

    def read(self, message: Message, stamp: Stamp) -> Sequence[StreamUpdate]:
        """See BybitTopic."""
        rows, state = message["data"], self.state
        trades = read_trades(rows, TRADE_NAMES, self.topic.symbol, stamp)
        complete = len(trades.ids) == len({row.get(TRADE_NAMES.id) for row in rows})
        self.accept(stamp)
        state.trade_due_ms = None
        new = [remember(state.trades_told, name, stamp.received_ms) for name in trades.ids]
        if not all(new):
            count_refused("trade_duplicate", new.count(False))
            trades = _selected(trades, np.array(new))
        if not len(trades.ids):
            return ()
        state.newest_trade = float(trades.price[-1]), stamp.received_ms
        contiguous, state.trades_contiguous = state.trades_contiguous and complete, True
        return [TradesUpdate(trades=trades, contiguous=contiguous)]

    def forget(self) -> None:
        """See BybitTopic."""
        self.state.trades_contiguous, self.state.trade_due_ms = False, None


def _selected(trades: Trades, mask: Any) -> Trades:
    return replace(
        trades,
        ids=[name for name, chosen in zip(trades.ids, mask, strict=True) if chosen],
        **{name: getattr(trades, name)[mask] for name in ("time_ms", "price", "size", "side")},
    )


class TickerTopic(BybitTopic):
    """A ticker: a snapshot of all fields, then the fields that changed."""

    __slots__ = ("_row", "_ticker")
    kind = InputKind.TICKERS

    def __init__(self, state: SymbolState) -> None:
        super().__init__(state)
        self._row: dict[str, Any] = {}
        self._ticker: Ticker | None = None

    def read(self, message: Message, stamp: Stamp) -> Sequence[StreamUpdate]:
        """See BybitTopic."""
        data = message["data"]
        if data["symbol"] != self.topic.symbol:
            raise ValueError("shape")
        if message["type"] == "snapshot":
            self._row, self._ticker = {}, None
            _check_fields({**dict.fromkeys(SIGNED | UNSIGNED), **data}, {}, OPTIONAL)
        elif not self._row or stamp.observed_ms < self.newest_ms:  # an older change may hide a newer one
            return ()
        changed = USED & data.keys()
        if self._ticker is None or changed:
            _check_fields({name: data[name] for name in changed}, self._row, OPTIONAL if not self._row else set())
            last = self._ticker.last if self._ticker else None
            self._row.update(data)
            self._ticker = self._read_row(stamp)
            if last not in {None, self._ticker.last}:
                self._await_trade(self._ticker.last, stamp.received_ms)
        else:
            self._ticker = replace(self._ticker, stamp=stamp)
        self.accept(stamp)
        return [TickerUpdate(ticker=self._ticker)]

    def _await_trade(self, last: float, received_ms: int) -> None:
        """Note that the last price moved. It may be that of a trade that was sent just before."""
        state, (price, told_ms) = self.state, self.state.newest_trade
        if last == price and received_ms - told_ms <= TICKER_DELAY_MS:
            state.trade_due_ms = None
        elif state.trade_due_ms is None:
            state.trade_due_ms = received_ms

    def _read_row(self, stamp: Stamp) -> Ticker:
        symbol = self.topic.symbol
        return read_tickers(
            *([self._row], TICKER_NAMES, {symbol: self.state.instrument}, stamp),
            venue_ms=stamp.observed_ms,
            premiums={},
            premium=UNIFIED.premium,
            intervals=INTERVALS,
        )[symbol]

    def forget(self) -> None:
        """See BybitTopic."""
        self._row, self._ticker = {}, None


def _check_fields(row: Message, before: Message, optional: set[str]) -> None:
    """Raise ValueError unless the fields are numbers. A field that becomes 0 may be missing: only a snapshot confirms it."""
    for name in USED & row.keys():
        value = number(row[name])
        if value is None:
            wrong = name not in optional or row[name] not in {None, ""}
        else:
            vanished = name in NEVER_0 or (name != TICKER_NAMES.change and number(before.get(name)))
            wrong = (value == 0 and bool(vanished)) or (value < 0 and name not in SIGNED)
        if wrong:
            raise ValueError("number")


class CandlesTopic(BybitTopic):
    """Bars of one minute. Only closed ones are sent, and each once."""

    __slots__ = ("_forming_ms",)
    kind = InputKind.CANDLES

    def __init__(self, state: SymbolState) -> None:
        super().__init__(state)
        self._forming_ms = 0

    def read(self, message: Message, stamp: Stamp) -> Sequence[StreamUpdate]:
        """See BybitTopic."""
        updates: list[StreamUpdate] = []
        for bar in message["data"]:
            start_ms = bar["start"]
            if not isinstance(start_ms, int) or bar["interval"] != "1":
                raise ValueError("shape")
            if bar["confirm"] is True and start_ms > self.state.newest_bar_ms:
                row = [start_ms, bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"]]
                candles = read_candles([row], self.topic.symbol, Timeframe.M1, stamp, limit=1, exact=True)
                self.state.newest_bar_ms = start_ms
                updates.append(CandlesUpdate(candles=candles))
            elif bar["confirm"] is False:
                if self.state.newest_bar_ms < self._forming_ms < start_ms:
                    self._forming_ms = start_ms
                    raise ValueError("gap")
                self._forming_ms = max(self._forming_ms, start_ms)
        self.accept(stamp)
        return updates


class LiquidationsTopic(BybitTopic):
    """All liquidations. They have no id, so two that are equal in every field count once."""

    kind = InputKind.LIQUIDATIONS
    SIDES: Mapping[Any, float] = {"Buy": -1.0, "Sell": 1.0}  # Buy: a long position was liquidated

    def read(self, message: Message, stamp: Stamp) -> Sequence[StreamUpdate]:
        """See BybitTopic."""
        rows, latest_ms = [], stamp.observed_ms + MAX_ROW_LEAD_MS
        for row in message["data"]:
            time_ms, price, size = row_time(row["T"], latest_ms), positive(row["p"]), positive(row["v"])
            side = self.SIDES.get(row["S"])
            if time_ms is None or price is None or size is None or side is None or row["s"] != self.topic.symbol:
                count_refused("liquidation_time" if time_ms is None else "liquidation_number")
                raise ValueError("number")
            if remember(self.state.known_liquidations, (time_ms, price, size, side), stamp.received_ms):
                rows.append((time_ms, price, size, side))
            else:
                count_refused("liquidation_duplicate")
        count_accepted("liquidation", len(rows))
        self.accept(stamp)
        return [self.update(rows, stamp)] if rows else ()

    def forget(self) -> None:
        """See BybitTopic."""
        self.state.liquidations_since_ms = self.lost_ms

    def begin(self) -> LiquidationsUpdate:
        """Return an update without liquidations: from now on, all of them are sent."""
        self.intact = True
        return self.update((), Stamp(observed_ms=self.lost_ms, received_ms=self.lost_ms))

    def update(self, rows: Sequence[tuple[int, float, float, float]], stamp: Stamp) -> LiquidationsUpdate:
        """Return an update with rows (time, price, size, side)."""
        columns = np.array(sorted(rows, key=lambda row: row[0]), np.float64).reshape(-1, 4).T
        return LiquidationsUpdate(
            liquidations=Liquidations(
                symbol=self.topic.symbol,
                time_ms=columns[0].astype(np.int64),
                price=columns[1],
                size=columns[2],
                side=columns[3],
                stamp=stamp,
                complete_since_ms=self.state.liquidations_since_ms,
            )
        )


def read_safely(topic: BybitTopic, message: Message, stamp: Stamp) -> tuple[Sequence[StreamUpdate], str]:
    """Return (updates, ""), or ((), reason) when the message shows that something is missing or wrong."""
    try:
        return topic.read(message, stamp), ""
    except ValueError as fault:
        reason = str(fault) if str(fault).isalpha() else "shape"
    except (ExchangeError, ArithmeticError):
        reason = "number"
    except (KeyError, TypeError, AttributeError, IndexError):
        reason = "shape"
    topic.lose(stamp.received_ms)
    return (), reason


def lost(topic: Topic, reason: str) -> StreamLost:
    """Return the loss of a topic."""
    return StreamLost(kind=topic.kind, symbol=topic.symbol, reason=reason)
