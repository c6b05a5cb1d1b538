"""The facts of the streams of each venue, in one table: addresses, topics, limits.

Sources: the venues' API documentation, and what was observed (see ../README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from virtuoso.domain.inputs import InputKind
from virtuoso.exchange.streams.reader import Topic

HOUR_S = 3600.0


class Answer(NamedTuple):
    """A venue's answer to a request. `request` is the request's number. It is None for a pong."""

    request: int | None
    error: str = ""  # empty when the venue accepted the request


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """The facts of the streams of one venue.

    A topic has one or several names at the venue: `names` by kind, where {symbol} and {lower} stand for its symbol. A kind
    whose names have no symbol is one topic of the whole venue. A connection serves the kinds of one route; `paths` has the
    path of each route, and `routes` the route of each kind, where it is not "".

    `silence_s` has the longest time without news of a topic, by kind. A kind that is not in it may be silent for hours."""

    venue: str
    host: str  # scheme and host
    paths: Mapping[str, str]
    names: Mapping[InputKind, tuple[str, ...]]
    subscribe: Callable[[int, Sequence[str]], str]  # the text of a request by its number and names
    unsubscribe: Callable[[int, Sequence[str]], str]
    answer: Callable[[str | bytes], Answer | None]  # None for a message that is not an answer
    silence_s: Mapping[InputKind, float]
    routes: Mapping[InputKind, str] = field(default_factory=dict)
    resubscribed: frozenset[InputKind] = frozenset()  # kinds that begin with a snapshot: a lost topic is subscribed again
    connects: int  # per 5 minutes; the venue allows at least 1.5 times as many
    messages_per_s: float  # requests on one connection, pings included
    names_per_connection: int
    names_per_request: int = 100
    characters_per_connection: int = 1_000_000  # of the names in requests, with 3 more for each name
    ping: str = ""  # the text of a ping, for a venue that expects them; other venues send pings themselves
    ping_s: float = 20.0
    rotation_s: float = 23 * HOUR_S  # venues end a connection after 24 hours
    overlap_s: float = 65.0  # both connections are open so long, so that the flow of a minute goes on

    def topics(self, symbol: str) -> list[Topic]:
        """Return the topics of one symbol, and for "" those of the whole venue."""
        return [Topic(kind, symbol) for kind, names in self.names.items() if ("{" in names[0]) == bool(symbol)]

    def topic_names(self, topic: Topic) -> list[str]:
        """Return the names of a topic at the venue."""
        return [name.format(symbol=topic.symbol, lower=topic.symbol.lower()) for name in self.names[topic.kind]]

    def url(self, route: str, override: str | None) -> str:
        """Return the address of a route. `override` (scheme, host and port of the venue's REST side) replaces the host."""
        host = self.host if override is None else override.rstrip("/").replace("http", "ws", 1)
        return host + self.paths[route]


def _bybit_request(operation: str) -> Callable[[int, Sequence[str]], str]:
    return lambda number, names: orjson.dumps({"op": operation, "req_id": str(number), "args": names}).decode()


def _bybit_answer(data: str | bytes) -> Answer | None:
    if isinstance(data, bytes) or len(data) > 2_000 or '"op"' not in data:  # other messages have no field of this name
        return None
    try:
        message = orjson.loads(data)
        if "topic" in message:
            return None
        if message["op"] in ("ping", "pong"):
            return Answer(None)
        number, text = int(message["req_id"]), str(message.get("ret_msg") or "refused")
        return Answer(number, "" if message["success"] is True else text)
    except (KeyError, TypeError, ValueError):
        return None


BYBIT = StreamFacts(
    venue="bybit",
    host="wss://stream.bybit.com",
    paths={"": "/v5/public/linear"},
    names={
        InputKind.ORDER_BOOK: ("orderbook.50.{symbol}",),
        InputKind.TRADES: ("publicTrade.{symbol}",),
        InputKind.TICKERS: ("tickers.{symbol}",),
        InputKind.CANDLES: ("kline.1.{symbol}",),
        InputKind.LIQUIDATIONS: ("allLiquidation.{symbol}",),
    },
    subscribe=_bybit_request("subscribe"),
    unsubscribe=_bybit_request("unsubscribe"),
    answer=_bybit_answer,
    silence_s={InputKind.ORDER_BOOK: 10, InputKind.TICKERS: 15, InputKind.CANDLES: 90, InputKind.TRADES: 30},
    resubscribed=frozenset({InputKind.ORDER_BOOK, InputKind.TICKERS}),
    connects=300,  # the venue allows 500
    messages_per_s=10,
    names_per_connection=500,
    characters_per_connection=20_000,  # the venue allows 21,000
    ping='{"op":"ping"}',
)


def _binance_request(method: str) -> Callable[[int, Sequence[str]], str]:
    return lambda number, names: orjson.dumps({"method": method, "params": names, "id": number}).decode()


def _binance_answer(data: str | bytes) -> Answer | None:
    if isinstance(data, bytes) or len(data) > 2_000 or data.startswith(('{"e"', '{"stream"', "[")):
        return None
    try:
        message = orjson.loads(data)
        if "result" in message:
            return Answer(message["id"])
        error = message["error"]
        return Answer(message["id"], str(error["msg"]) or "refused")
    except (KeyError, TypeError, ValueError):
        return None


BINANCE = StreamFacts(
    venue="binance",
    host="wss://fstream.binance.com",
    paths={
        "public": "/public/ws",
        "market": "/market/ws",
    },  # other paths accept the names of the market route, and are silent
    names={
        InputKind.ORDER_BOOK: ("{lower}@depth@100ms",),
        InputKind.TRADES: ("{lower}@trade",),  # its ids are those of REST; @aggTrade has other ids
        InputKind.TICKERS: ("!ticker@arr", "!markPrice@arr@1s"),
        InputKind.CANDLES: ("{lower}@kline_1m",),
        InputKind.LIQUIDATIONS: ("!forceOrder@arr",),
    },
    subscribe=_binance_request("SUBSCRIBE"),
    unsubscribe=_binance_request("UNSUBSCRIBE"),
    answer=_binance_answer,
    silence_s={InputKind.ORDER_BOOK: 10, InputKind.TICKERS: 10, InputKind.CANDLES: 90, InputKind.TRADES: 300},
    routes={
        InputKind.ORDER_BOOK: "public",
        InputKind.TRADES: "public",
        InputKind.TICKERS: "market",
        InputKind.CANDLES: "market",
        InputKind.LIQUIDATIONS: "market",
    },
    connects=200,  # the venue allows 300
    messages_per_s=5,  # the venue allows 10, with pings and pongs
    names_per_connection=200,
)

_KNOWN = {facts.venue: facts for facts in (BYBIT, BINANCE)}


def stream_facts(venue: str) -> StreamFacts | None:
    """Return the facts of a venue by its lower-case name. Return None when it has no entry."""
    return _KNOWN.get(venue)
