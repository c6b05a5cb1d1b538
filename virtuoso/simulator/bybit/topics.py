"""What Bybit's topics send."""

from __future__ import annotations

from collections.abc import Sequence

from virtuoso.simulator.bybit.markets import ticker
from virtuoso.simulator.bybit.requests import Row, listing_of, symbol_of
from virtuoso.simulator.bybit.symbols import INTERVALS, SEQUENCES_PER_MS, exec_id
from virtuoso.simulator.market import Listing, SimulatedMarket
from virtuoso.simulator.order_book import MAX_LEVELS
from virtuoso.simulator.streams.topics import BookTopic, KlineTopic, Message, Topic, TradesTopic
from virtuoso.simulator.venue_api import ApiError, fixed

BOOK_LEVELS = {"50": (50, 0), "200": (200, 100), "1000": (MAX_LEVELS, 200)}  # (levels, ms between messages, 0: each change)
LIQUIDATIONS_MS = 500
# These fields of a ticker are only in replies to requests.
NOT_STREAMED = {"predictedDeliveryPrice", "basisRate", "deliveryFeeRate", "deliveryTime", "basis", "basisRateYear"}


class Book(BookTopic):
    """`orderbook`: a snapshot, then changes whose `u` grows by one. After a restart there is a snapshot with `u` 1."""

    kind = "orderbook"

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing, levels: int, every_ms: int) -> None:
        super().__init__(market, name, every_ms or market.step_ms(listing.base), listing, levels=levels, zero="0")
        self._update = 0

    def begin(self, now_ms: int) -> None:
        """Remember the book."""
        super().begin(now_ms)
        self._update = now_ms // 20

    def first(self, now_ms: int) -> Sequence[Message]:
        """Return the snapshot."""
        return [self._message("snapshot", self.rows(self.whole()), now_ms)]

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the changes."""
        changes = self.changes(now_ms)
        if not any(changes):
            return ()
        self._update += 1
        return [self._message("delta", self.rows(changes), now_ms)]

    def restart(self, now_ms: int) -> Sequence[Message]:
        """Return a snapshot with `u` 1."""
        self.changes(now_ms)
        self._update = 1
        return self.first(now_ms)

    def _message(self, kind: str, rows: list[list[list[str]]], now_ms: int) -> Message:
        sequence = self.changed_ms * SEQUENCES_PER_MS
        data = {"s": symbol_of(self.listing), "b": rows[0], "a": rows[1], "u": self._update, "seq": sequence}
        return {"topic": self.name, "type": kind, "ts": now_ms, "data": data, "cts": self.changed_ms}


class Trades(TradesTopic):
    """`publicTrade`."""

    kind = "publicTrade"

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing) -> None:
        super().__init__(market, name, market.step_ms(listing.base), listing)
        self._direction = TickDirection()

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the new trades in one message."""
        symbol, digits, sizes = symbol_of(self.listing), self.listing.price_digits, self.listing.size_digits
        data = [
            {
                "T": time_ms,
                "s": symbol,
                "S": "Buy" if bought else "Sell",
                "v": fixed(size, sizes),
                "p": fixed(price, digits),
                "L": self._direction.after(price),
                "i": exec_id(symbol, number),
                "BT": False,
                "RPI": False,
                "seq": number,
            }
            for number, time_ms, price, size, bought in self.new(now_ms)
        ]
        return [{"topic": self.name, "type": "snapshot", "ts": now_ms, "data": data}] if data else ()


class TickDirection:
    """The direction of the last change of a price."""

    def __init__(self) -> None:
        self._price, self._up = 0.0, True

    def after(self, price: float) -> str:
        """Return the direction after this price."""
        same = price == self._price or not self._price
        self._up = self._up if same else price > self._price
        self._price = price
        return f"{'Zero' if same else ''}{'Plus' if self._up else 'Minus'}Tick"


class Ticker(Topic):
    """`tickers`: a snapshot, then the fields that have changed."""

    kind = "tickers"

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing) -> None:
        super().__init__(market, name, 10 * market.step_ms(listing.base))
        self._listing, self._direction, self._sent = listing, TickDirection(), Row()

    def begin(self, now_ms: int) -> None:
        """Remember the ticker."""
        self._sent = self._row(now_ms)

    def first(self, now_ms: int) -> Sequence[Message]:
        """Return all fields."""
        return [self._message("snapshot", self._sent, now_ms)]

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the fields that have changed."""
        row, sent = self._row(now_ms), self._sent
        self._sent = row
        changed = {name: value for name, value in row.items() if value != sent[name]}
        if self.repeat:
            changed["lastPrice"] = row["lastPrice"]
        return [self._message("delta", {"symbol": row["symbol"], **changed}, now_ms)] if changed else ()

    def _row(self, now_ms: int) -> Row:
        quote = self.market.quote(self._listing.base, now_ms)
        row = ticker(self._listing, quote)
        row["tickDirection"] = self._direction.after(quote.last)
        return {name: value for name, value in row.items() if name not in NOT_STREAMED}

    def _message(self, kind: str, data: Row, now_ms: int) -> Message:
        return {"topic": self.name, "type": kind, "data": data, "cs": now_ms * SEQUENCES_PER_MS, "ts": now_ms}


class Klines(KlineTopic):
    """`kline`: `confirm` is true for a closed bar."""

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing, interval: str) -> None:
        super().__init__(market, name, 1000, listing, INTERVALS[interval])
        self._interval = interval

    def message(self, row: list[float], now_ms: int, *, closed: bool) -> Message:
        """Return the message of a bar."""
        digits = self.listing.price_digits
        open_, high, low, close = (fixed(price, digits) for price in row[1:5])
        bar = {
            "start": int(row[0]),
            "end": int(row[0]) + self.bar_ms - 1,
            "interval": self._interval,
            "open": open_,
            "close": close,
            "high": high,
            "low": low,
            "volume": fixed(row[5], self.listing.size_digits),
            "turnover": fixed(row[6], 4),
            "confirm": closed,
            "timestamp": now_ms,
        }
        return {"topic": self.name, "data": [bar], "ts": now_ms, "type": "snapshot"}


class Liquidations(Topic):
    """`allLiquidation`: all liquidations. The side "Buy" is that of a long position."""

    kind = "allLiquidation"

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing) -> None:
        super().__init__(market, name, LIQUIDATIONS_MS)
        self._listing, self._sent_ms = listing, 0

    def begin(self, now_ms: int) -> None:
        """Remember the time."""
        self._sent_ms = now_ms - now_ms % self.market.step_ms(self._listing.base)

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the new liquidations in one message."""
        after_ms = self._sent_ms
        self.begin(max(now_ms, after_ms))
        data = [
            {
                "T": each.time_ms,
                "s": symbol_of(self._listing),
                "S": "Buy" if each.long else "Sell",
                "v": fixed(each.size, self._listing.size_digits),
                "p": fixed(each.price, self._listing.price_digits),
            }
            for each in self.market.liquidations(self._listing.base, after_ms, now_ms)
        ]
        return [{"topic": self.name, "type": "snapshot", "ts": now_ms, "data": data}] if data else ()


def topic_of(market: SimulatedMarket, name: str, now_ms: int) -> Topic | None:
    """Return the topic with this name. Return None if the venue has none."""
    *kind, symbol = name.split(".")
    try:
        listing = listing_of(market, {"symbol": symbol}, now_ms)
    except ApiError:
        return None
    topic: Topic | None = None
    match kind:
        case ["orderbook", levels] if levels in BOOK_LEVELS:
            topic = Book(market, name, listing, *BOOK_LEVELS[levels])
        case ["publicTrade"]:
            topic = Trades(market, name, listing)
        case ["tickers"]:
            topic = Ticker(market, name, listing)
        case ["kline", interval] if interval in INTERVALS:
            topic = Klines(market, name, listing, interval)
        case ["allLiquidation"]:
            topic = Liquidations(market, name, listing)
    return topic
