"""What Binance's streams send."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from virtuoso.simulator.binance.markets import premium, ticker
from virtuoso.simulator.binance.requests import STEPS_MS, listing_of, symbol_of
from virtuoso.simulator.binance.symbols import UPDATES_PER_MS, bought_share
from virtuoso.simulator.market import Listing, Quote, SimulatedMarket
from virtuoso.simulator.order_book import MAX_LEVELS
from virtuoso.simulator.streams.topics import BookTopic, Changes, KlineTopic, Message, Topic, TradesTopic
from virtuoso.simulator.venue_api import ApiError, fixed

PUBLIC = re.compile(r"@(depth|trade$)")  # these streams are on the route /public, all others on /market
FIGURES = re.compile(r"(ticker|miniTicker|markPrice)(@1s)?")
DEPTH = re.compile(r"depth(?:@(100|250|500)ms)?")
LONGEST_CHAIN_MS = 5_000  # after a longer pause of this process, the chain of update ids breaks
RESTART_GAP = 7  # a restart breaks the chain of update ids by so many


class Depth(BookTopic):
    """`depth`: the changes of the book within some time. Update ids form a chain: `pu` is the last `u`.

    The changes contain every state between two messages. So a book of any moment from a request and the next messages give
    the book of the stream."""

    kind = "depth"

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing, told_every_ms: int) -> None:
        zero = fixed(0, listing.size_digits)
        super().__init__(market, name, market.step_ms(listing.base), listing, levels=MAX_LEVELS, zero=zero)
        self._sent_every_ms, self._tell_ms, self._update = told_every_ms, 0, 0
        self._pending: tuple[Changes, Changes] = ({}, {})

    def begin(self, now_ms: int) -> None:
        """Remember the book."""
        super().begin(now_ms)
        self._update = self.changed_ms * UPDATES_PER_MS
        self._tell_ms = self._next_ms(now_ms)

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the changes in one message when it is time."""
        missed = now_ms - self.changed_ms
        if missed > LONGEST_CHAIN_MS:
            self._update += RESTART_GAP
        moments = range(self.changed_ms + self.every_ms, now_ms + 1, self.every_ms) if missed > 0 else range(0)
        for at_ms in moments if len(moments) * self.every_ms <= LONGEST_CHAIN_MS else (now_ms,):
            self._add(at_ms)
        if missed < 0 or (self.repeat and not moments):
            self._add(now_ms)
        if now_ms < self._tell_ms <= now_ms + self._sent_every_ms:
            return ()
        self._tell_ms = self._next_ms(now_ms)
        if not any(self._pending):
            return ()
        before, self._update = self._update, max(self.changed_ms * UPDATES_PER_MS, self._update + 1)
        bids, asks = self.rows(self._pending)
        self._pending = ({}, {})
        symbol = symbol_of(self.listing)
        ids = {"U": before + 1, "u": self._update, "pu": before}
        head = {"e": "depthUpdate", "E": now_ms, "T": self.changed_ms, "s": symbol, "ps": symbol}
        return [{**head, **ids, "b": bids, "a": asks, "st": 1}]

    def _next_ms(self, now_ms: int) -> int:
        return (now_ms // self._sent_every_ms + 1) * self._sent_every_ms

    def _add(self, at_ms: int) -> None:
        for pending, changes in zip(self._pending, self.changes(at_ms), strict=True):
            pending.update(changes)

    def restart(self, now_ms: int) -> Sequence[Message]:  # noqa: ARG002 - the common signature
        """Break the chain of update ids."""
        self._update += RESTART_GAP
        return ()


class Trades(TradesTopic):
    """`trade` and `aggTrade`: one message for each trade. In the simulation an aggregate trade is one trade."""

    def __init__(self, market: SimulatedMarket, name: str, kind: str, listing: Listing) -> None:
        super().__init__(market, name, 100 if kind == "aggTrade" else market.step_ms(listing.base), listing)
        self.kind = kind

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the new trades."""
        digits, sizes = self.listing.price_digits, self.listing.size_digits
        messages = []
        for number, time_ms, price, size, bought in self.new(now_ms):
            p, q = fixed(price, digits), fixed(size, sizes)
            head = {"e": self.kind, "E": now_ms, "T": time_ms, "s": symbol_of(self.listing), "p": p, "q": q, "m": not bought}
            aggregate = {"a": number, "f": number, "l": number, "nq": q}
            own = aggregate if self.kind == "aggTrade" else {"t": number, "X": "MARKET"}
            messages.append({**head, **own, "st": 1})
        return messages


class Klines(KlineTopic):
    """`kline`: `x` is true for a closed bar."""

    def __init__(self, market: SimulatedMarket, name: str, listing: Listing, interval: str) -> None:
        super().__init__(market, name, 10 * market.step_ms(listing.base), listing, STEPS_MS[interval])
        self._interval = interval

    def message(self, row: list[float], now_ms: int, *, closed: bool) -> Message:
        """Return the message of a bar."""
        symbol, digits, sizes = symbol_of(self.listing), self.listing.price_digits, self.listing.size_digits
        open_, high, low, close = (fixed(price, digits) for price in row[1:5])
        bought = bought_share(*row[1:5])
        bar = {
            "t": int(row[0]),
            "T": int(row[0]) + self.bar_ms - 1,
            "s": symbol,
            "i": self._interval,
            "f": 1,
            "L": 1,
            "o": open_,
            "c": close,
            "h": high,
            "l": low,
            "v": fixed(row[5], sizes),
            "n": int(row[6] / 2500) + 1,
            "x": closed,
            "q": fixed(row[6], 5),
            "V": fixed(row[5] * bought, sizes),
            "Q": fixed(row[6] * bought, 5),
            "B": "0",
        }
        return {"e": "kline", "E": now_ms, "s": symbol, "k": bar}


def _ticker(listing: Listing, quote: Quote, now_ms: int) -> Message:
    names = {
        "s": "symbol",
        "ps": "symbol",
        "p": "priceChange",
        "P": "priceChangePercent",
        "w": "weightedAvgPrice",
        "c": "lastPrice",
        "Q": "lastQty",
        "o": "openPrice",
        "h": "highPrice",
        "l": "lowPrice",
        "v": "volume",
        "q": "quoteVolume",
        "O": "openTime",
        "C": "closeTime",
        "F": "firstId",
        "L": "lastId",
        "n": "count",
    }
    return _renamed("24hrTicker", names, ticker(listing, quote, now_ms), now_ms)


def _mini_ticker(listing: Listing, quote: Quote, now_ms: int) -> Message:
    names = {"s": "symbol", "c": "lastPrice", "o": "openPrice", "h": "highPrice", "l": "lowPrice"}
    return _renamed("24hrMiniTicker", {**names, "v": "volume", "q": "quoteVolume"}, ticker(listing, quote, now_ms), now_ms)


def _mark_price(listing: Listing, quote: Quote, now_ms: int) -> Message:
    names = {"s": "symbol", "p": "markPrice", "ap": "markPrice", "P": "estimatedSettlePrice", "i": "indexPrice"}
    row = premium(listing, quote, now_ms)
    return _renamed("markPriceUpdate", {**names, "r": "lastFundingRate", "T": "nextFundingTime"}, row, now_ms)


def _renamed(event: str, names: Mapping[str, str], row: Mapping[str, object], now_ms: int) -> Message:
    return {"e": event, "E": now_ms, **{short: row[name] for short, name in names.items()}, "st": 1}


SHAPES = {"ticker": _ticker, "miniTicker": _mini_ticker, "markPrice": _mark_price}


class Figures(Topic):
    """Tickers or mark prices, of one listing or of all. Tickers of all are one list, with those that have changed."""

    def __init__(self, market: SimulatedMarket, name: str, kind: str, every_ms: int, listing: Listing | None) -> None:
        super().__init__(market, name, every_ms)
        self.kind, self._listing = kind, listing
        self._shape: Callable[[Listing, Quote, int], Message] = SHAPES[kind]
        self._sent = dict[str, tuple[object, object]]()

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the figures."""
        if self._listing is not None:
            return [self._shape(self._listing, self.market.quote(self._listing.base, now_ms), now_ms)]
        listed = self.market.quotes(now_ms).items()
        rows = [self._shape(self.market.listing(base), quote, now_ms) for base, quote in listed]
        if self.kind != "markPrice":
            rows = [row for row in rows if self.repeat or self._sent.get(str(row["s"])) != (row["c"], row["v"])]
            self._sent |= {str(row["s"]): (row["c"], row["v"]) for row in rows}
        return [rows] if rows else ()


class Liquidations(Topic):
    """`forceOrder`: of each listing and second only the largest. The side "SELL" is that of the order: a long position."""

    kind = "forceOrder"

    def __init__(self, market: SimulatedMarket, name: str, listings: Sequence[Listing]) -> None:
        super().__init__(market, name, 1000)
        self._listings, self._sent_ms = listings, 0

    def begin(self, now_ms: int) -> None:
        """Remember the second."""
        self._sent_ms = now_ms // 1000 * 1000 - 1

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the largest liquidation of each second that has ended."""
        after_ms = self._sent_ms
        self.begin(max(now_ms, after_ms))
        messages = []
        for listing in self._listings:
            largest = {
                each.time_ms // 1000: each
                for each in sorted(
                    self.market.liquidations(listing.base, after_ms, now_ms // 1000 * 1000), key=lambda each: each.size
                )
                if each.time_ms <= self._sent_ms
            }
            for each in largest.values():
                price, average = (fixed(p, listing.price_digits) for p in (each.price, each.average_price))
                size, symbol = fixed(each.size, listing.size_digits), symbol_of(listing)
                order = {
                    "s": symbol,
                    "S": "SELL" if each.long else "BUY",
                    "o": "LIMIT",
                    "f": "IOC",
                    "q": size,
                    "p": price,
                    "ap": average,
                    "X": "FILLED",
                    "l": size,
                    "z": size,
                    "T": each.time_ms,
                    "ps": symbol,
                    "st": 1,
                }
                messages.append({"e": "forceOrder", "E": now_ms, "o": order})
        return messages


def topic_of(market: SimulatedMarket, name: str, now_ms: int) -> Topic | None:
    """Return the stream with this name. Return None if the venue has none."""
    if match := re.fullmatch(r"!(ticker|miniTicker|markPrice)@arr(@1s)?", name):
        every_ms = 3000 if match[1] == "markPrice" and not match[2] else 1000
        return Figures(market, name, match[1], every_ms, None)
    if name == "!forceOrder@arr":
        return Liquidations(market, name, market.listings)
    symbol, _, kind = name.partition("@")
    try:
        listing = listing_of(market, {"symbol": symbol.upper()}, now_ms)
    except ApiError:
        return None
    return _topic_of_listing(market, name, kind, listing) if symbol == symbol.lower() else None


def _topic_of_listing(market: SimulatedMarket, name: str, kind: str, listing: Listing) -> Topic | None:
    topic: Topic | None = None
    if match := DEPTH.fullmatch(kind):
        topic = Depth(market, name, listing, int(match[1] or 250))
    elif match := FIGURES.fullmatch(kind):
        every_ms = 2000 if match[1] != "markPrice" else 1000 if match[2] else 3000
        topic = Figures(market, name, match[1], every_ms, listing)
    elif kind in ("trade", "aggTrade"):
        topic = Trades(market, name, kind, listing)
    elif kind.startswith("kline_") and kind.removeprefix("kline_") in STEPS_MS:
        topic = Klines(market, name, listing, kind.removeprefix("kline_"))
    elif kind == "forceOrder":
        topic = Liquidations(market, name, [listing])
    return topic
