"""Messages of Bybit's streams, as the venue writes them."""

from __future__ import annotations

import json
from typing import Any

from virtuoso.domain.model import Instrument

T0 = 1_760_000_000_000
TICKER = {
    "symbol": "BTCUSDT",
    "tickDirection": "PlusTick",
    "price24hPcnt": "0.01",
    "lastPrice": "101",
    "prevPrice24h": "100",
    "highPrice24h": "105",
    "lowPrice24h": "95",
    "markPrice": "101.1",
    "indexPrice": "101.2",
    "openInterest": "5000",
    "turnover24h": "1000000",
    "volume24h": "10000",
    "fundingIntervalHour": "8",
    "nextFundingTime": str(T0 + 3_600_000),
    "fundingRate": "0.0001",
    "bid1Price": "100.9",
}


def instrument(symbol: str = "BTCUSDT") -> Instrument:
    base = symbol.removesuffix("USDT")
    return Instrument(symbol=symbol, venue_symbol=f"{base}/USDT:USDT", base_asset=base, multiplier=1, tick_size=0.1)


def message(topic: str, data: Any, ms: int, kind: str = "snapshot", **more: Any) -> str:
    return json.dumps({"topic": topic, "type": kind, "ts": T0 + ms, "data": data, **more}, separators=(",", ":"))


def book(u: int, bids: Any, asks: Any, ms: int = 0, kind: str = "delta", symbol: str = "BTCUSDT") -> str:
    data = {"s": symbol, "b": bids, "a": asks, "u": u, "seq": u * 7}
    return message(f"orderbook.50.{symbol}", data, ms + 2, kind, cts=T0 + ms)


def snapshot(u: int = 10, ms: int = 0, symbol: str = "BTCUSDT") -> str:
    return book(u, [["99", "2"], ["98", "3"]], [["101", "4"], ["102", "5"]], ms, "snapshot", symbol)


def trade(name: str, ms: int = 0, **other: Any) -> dict[str, Any]:
    return {"T": T0 + ms, "s": "BTCUSDT", "S": "Buy", "v": "0.5", "p": "100", "i": name, "BT": False, "seq": 1, **other}


def trades(*rows: Any, ms: int = 10, symbol: str = "BTCUSDT") -> str:
    return message(f"publicTrade.{symbol}", list(rows), ms)


def ticker(ms: int = 0, kind: str = "snapshot", **fields: Any) -> str:
    row = {**TICKER, **fields} if kind == "snapshot" else {"symbol": "BTCUSDT", **fields}
    return message(f"tickers.{row['symbol']}", row, ms, kind)


def bar(minute: int, ms: int, *, confirm: bool, **other: Any) -> str:
    start = T0 // 60_000 * 60_000 + minute * 60_000
    prices = {"open": "100", "close": "101", "high": "102", "low": "99", "volume": "7", "turnover": "700"}
    row = {"start": start, "end": start + 59_999, "interval": "1", **prices, "confirm": confirm, **other}
    return message("kline.1.BTCUSDT", [row], ms)


def liquidation(ms: int = 0, **other: Any) -> dict[str, Any]:
    return {"T": T0 + ms, "s": "BTCUSDT", "S": "Buy", "v": "2", "p": "90", **other}


def liquidations(*rows: Any, ms: int = 10) -> str:
    return message("allLiquidation.BTCUSDT", list(rows), ms)
