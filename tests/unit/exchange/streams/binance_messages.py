"""Messages of Binance's streams, and a reader that gets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument
from virtuoso.domain.stream_updates import StreamUpdate
from virtuoso.exchange.streams.binance_reader import LIQUIDATIONS, TICKERS, BinanceReader
from virtuoso.exchange.streams.reader import StreamReader, Topic

T0 = 1_760_000_040_000  # the start of a minute
BOOK, TRADES, CANDLES = (Topic(kind, "BTCUSDT") for kind in (InputKind.ORDER_BOOK, InputKind.TRADES, InputKind.CANDLES))
ALL = (BOOK, TRADES, CANDLES, TICKERS, LIQUIDATIONS)
INSTRUMENTS = [
    Instrument(symbol=f"{base}USDT", venue_symbol=f"{base}/USDT:USDT", base_asset=base, multiplier=1, tick_size=0.1)
    for base in ("BTC", "ETH")
]


def opened(*topics: Topic) -> BinanceReader:
    reader = BinanceReader()
    reader.set_instruments(INSTRUMENTS)
    reader.opened(1, topics or ALL, T0)
    return reader


def tell(reader: StreamReader, message: object, at_ms: int = 10, connection: int = 1) -> Sequence[StreamUpdate]:
    return reader.frame(connection, message if isinstance(message, str | bytes) else json.dumps(message), T0 + at_ms)


def depth(previous: int, last: int, bids: Any = (), asks: Any = (), at_ms: int = 0, **more: Any) -> dict[str, Any]:
    ids = {"U": previous + 1, "u": last, "pu": previous}
    return {"e": "depthUpdate", "E": T0 + at_ms, "T": T0 + at_ms, "s": "BTCUSDT", **ids, "b": bids, "a": asks, **more}


def rest(last: int, bids: Any = (["99", "2"],), asks: Any = (["101", "4"],), **more: Any) -> str:
    return json.dumps({"lastUpdateId": last, "E": T0 + 900, "T": T0, "bids": bids, "asks": asks, **more})


def trade(number: int, at_ms: int = 0, **more: Any) -> dict[str, Any]:
    row = {"e": "trade", "E": T0 + at_ms, "T": T0 + at_ms, "s": "BTCUSDT", "t": number, "p": "100.1", "q": "0.5"}
    return {**row, "X": "MARKET", "m": True, **more}


def bar(minute: int, closed: bool, **more: Any) -> dict[str, Any]:
    start_ms = T0 + 60_000 * minute
    row = {
        "t": start_ms,
        "T": start_ms + 59_999,
        "i": "1m",
        "o": "100",
        "h": "102",
        "l": "99",
        "c": "101",
        "v": "7",
        "V": "3",
    }
    event_ms = start_ms + (60_005 if closed else 30_000)
    return {"e": "kline", "E": event_ms, "s": "BTCUSDT", "k": {**row, "x": closed, **more}}


def liquidation(side: str = "SELL", at_ms: int = 0, **more: Any) -> dict[str, Any]:
    order = {"s": "BTCUSDT", "S": side, "q": "3", "p": "95", "ap": "96.5", "z": "2", "X": "FILLED", "T": T0 + at_ms}
    return {"e": "forceOrder", "E": T0 + at_ms, "o": {**order, **more}}


def ticker(symbol: str = "BTCUSDT", at_ms: int = 0, **more: Any) -> dict[str, Any]:
    day = {"c": "110", "o": "100", "P": "10", "h": "111", "l": "99", "v": "1000", "q": "105000"}
    return {"e": "24hrTicker", "E": T0 + at_ms, "C": T0 + at_ms, "s": symbol, **day, **more}


def mark(symbol: str = "BTCUSDT", at_ms: int = 0, **more: Any) -> dict[str, Any]:
    row = {"p": "110.2", "i": "110.1", "r": "0.0001", "T": T0 + 3_600_000}
    return {"e": "markPriceUpdate", "E": T0 + at_ms, "s": symbol, **row, **more}
