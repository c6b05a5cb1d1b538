"""Bybit v5 public market data, linear USDT perpetuals only."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache

from virtuoso.simulator.market import Listing, Quote, SimulatedMarket
from virtuoso.simulator.wires import Refusal, Unknown, count, text, texts

PREFIXES = ("/v5/",)
MINUTE_MS = 60_000
INTERVALS = {  # of klines
    **{str(n): n * MINUTE_MS for n in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": 1440 * MINUTE_MS,
    "W": 7 * 1440 * MINUTE_MS,
}
PERIODS = {"5min": 5, "15min": 15, "30min": 30, "1h": 60, "4h": 240, "1d": 1440}  # of statistics, minutes

Query = Mapping[str, str]
Row = dict[str, object]


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
    """The reply's body. Unknown: what Bybit says of a bad request, with status 200."""
    if (endpoint := ENDPOINTS.get(path)) is None:
        raise Unknown(404, _reply({}, now_ms, 10001, "unknown path"))
    if query.get("category", "linear") not in ("linear", "spot", "inverse", "option"):
        raise _bad("params error: Category is invalid", now_ms)
    try:
        return _reply(endpoint(market, query, now_ms), now_ms)
    except ValueError as error:
        raise _bad(f"params error: {error}", now_ms) from error


def refusal(kind: str, now_ms: int) -> Refusal:
    """Too many visits: by HTTP status, or ("ban") by code and the header that says until when."""
    body = _reply({}, now_ms, 10006, "Too many visits. Exceeded the API Rate Limit.")
    if kind == "429":
        return 429, body, {"Retry-After": "5"}
    return 200, body, {"X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(now_ms + 1000)}


def symbol_of(listing: Listing) -> str:
    """BTCUSDT, 1000PEPEUSDT; and SHIB1000USDT, which Bybit writes its own way."""
    return f"{listing.base}{listing.multiplier}USDT" if listing.base == "SHIB" else f"{listing.name}USDT"


def _reply(result: object, now_ms: int, code: int = 0, message: str = "OK") -> Row:
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now_ms}


def _bad(message: str, now_ms: int) -> Unknown:
    return Unknown(200, _reply({}, now_ms, 10001, message))


def _time(_: SimulatedMarket, __: Query, now_ms: int) -> Row:
    return {"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * 1_000_000)}


@lru_cache(maxsize=4)
def _symbols(market: SimulatedMarket) -> dict[str, Listing]:
    return {symbol_of(listing): listing for listing in market.listings}


def _listing(market: SimulatedMarket, query: Query, now_ms: int) -> Listing:
    listing = _symbols(market).get(query.get("symbol", ""))
    if listing is None or query.get("category", "linear") != "linear" or listing.launched_ms > now_ms:
        raise _bad("Not supported symbols", now_ms)
    return listing


def _chosen(market: SimulatedMarket, query: Query, now_ms: int) -> list[Listing]:
    """The listing that is asked for, or all."""
    if query.get("symbol"):
        return [_listing(market, query, now_ms)]
    linear = query.get("category", "linear") == "linear"
    return [listing for listing in market.listings if linear and listing.launched_ms < now_ms]


def _instruments(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listings = _chosen(market, query, now_ms) if query.get("status", "Trading") == "Trading" else []
    rows = [_instrument(listing) for listing in listings]
    return {"category": query.get("category", "linear"), "list": rows, "nextPageCursor": ""}


def _instrument(listing: Listing) -> Row:
    tick, lot = text(listing.tick, listing.price_digits), text(listing.lot, listing.size_digits)
    most = text(listing.lot * 1_000_000, listing.size_digits)
    return {
        "symbol": symbol_of(listing),
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": symbol_of(listing).removesuffix("USDT"),
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": str(listing.launched_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(listing.price_digits),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00", "leverageStep": "0.01"},
        "priceFilter": {
            "minPrice": tick,
            "maxPrice": text(listing.tick * 2_000_000, listing.price_digits),
            "tickSize": tick,
        },
        "lotSizeFilter": {
            "maxOrderQty": most,
            "minOrderQty": lot,
            "qtyStep": lot,
            "postOnlyMaxOrderQty": most,
            "maxMktOrderQty": most,
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
    }


def _tickers(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    rows = [_ticker(each, market.quote(each.base, now_ms)) for each in _chosen(market, query, now_ms)]
    return {"category": query.get("category", "linear"), "list": rows}


def _ticker(listing: Listing, quote: Quote) -> Row:
    def price(value: float) -> str:
        return text(value, listing.price_digits)

    def size(value: float) -> str:
        return text(value, listing.size_digits)

    return {
        "symbol": symbol_of(listing),
        "lastPrice": price(quote.last),
        "indexPrice": price(quote.index),
        "markPrice": price(quote.mark),
        "prevPrice24h": price(quote.open_24h),
        "price24hPcnt": text(quote.last / quote.open_24h - 1, 6),
        "highPrice24h": price(quote.high_24h),
        "lowPrice24h": price(quote.low_24h),
        "prevPrice1h": price(quote.price_1h_ago),
        "openInterest": size(quote.open_interest),
        "openInterestValue": text(quote.open_interest * quote.mark, 2),
        "turnover24h": text(quote.turnover_24h, 4),
        "volume24h": text(quote.volume_24h, 4),
        "fundingRate": text(quote.funding_rate, 8),
        "nextFundingTime": str(quote.next_funding_ms),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "ask1Size": size(quote.ask_size),
        "bid1Price": price(quote.bid),
        "ask1Price": price(quote.ask),
        "bid1Size": size(quote.bid_size),
        "basis": "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": "8",
        "basisRateYear": "",
    }


def _klines(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listing = _listing(market, query, now_ms)
    step = INTERVALS.get(query.get("interval", ""))
    if step is None:
        raise _bad("Invalid period!", now_ms)
    most = count(query, 200, 1000)
    end = min(int(query.get("end") or now_ms), now_ms)
    start = int(query.get("start") or end - end % step - (most - 1) * step)
    if query.get("start") and not query.get("end"):
        end = min(now_ms, start + (most - 1) * step)
    start = max(start, end - end % step - (most - 1) * step)  # of a longer time, the newest
    bars = market.candles(listing.base, step, start, end, now_ms)[::-1]
    p, q = listing.price_digits, listing.size_digits
    rows = texts(bars.tolist(), 0, p, p, p, p, q, 4)
    return {"symbol": query["symbol"], "category": "linear", "list": rows}


def _order_book(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listing = _listing(market, query, now_ms)
    sides = market.book(listing.base, now_ms, count(query, 25, 1000))
    bids, asks = (texts(side, listing.price_digits, listing.size_digits) for side in sides)
    turn = now_ms // 20
    return {"s": query["symbol"], "b": bids, "a": asks, "ts": now_ms - 5, "u": turn, "seq": turn * 7, "cts": now_ms - 8}


def _trades(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listing = _listing(market, query, now_ms)
    symbol = query["symbol"]
    space = uuid.uuid5(uuid.NAMESPACE_DNS, symbol).hex
    before = f"{space[:8]}-{space[8:12]}-5{space[13:16]}-9{space[17:20]}-"
    trades = market.trades(listing.base, now_ms, count(query, 500, 1000))[::-1]
    traded = texts([(price, size) for _, _, price, size, _ in trades], listing.price_digits, listing.size_digits)
    rows = [
        {
            "execId": f"{before}{number:012x}",
            "symbol": symbol,
            "price": price,
            "size": size,
            "side": "Buy" if buy else "Sell",
            "time": str(time_ms),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(number),
        }
        for (number, time_ms, _, _, buy), (price, size) in zip(trades, traded, strict=True)
    ]
    return {"category": "linear", "list": rows}


def _funding(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listing = _listing(market, query, now_ms)
    end, start = min(int(query.get("endTime") or now_ms), now_ms), int(query.get("startTime") or 0)
    rows = [
        {"symbol": query["symbol"], "fundingRate": text(rate, 8), "fundingRateTimestamp": str(time_ms)}
        for time_ms, rate in reversed(market.funding(listing.base, end, count(query, 200, 200)))
        if time_ms >= start
    ]
    return {"category": "linear", "list": rows}


def _period(query: Query, name: str, now_ms: int) -> int:
    minutes = PERIODS.get(query.get(name, ""))
    if minutes is None:
        raise _bad(f"{name} is invalid", now_ms)
    return minutes * MINUTE_MS


def _open_interest(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listing, step = _listing(market, query, now_ms), _period(query, "intervalTime", now_ms)
    end, start = min(int(query.get("endTime") or now_ms), now_ms), int(query.get("startTime") or 0)
    rows = [
        {"openInterest": text(value, 8), "timestamp": str(time_ms)}
        for time_ms, value in reversed(market.open_interest(listing.base, step, end, count(query, 50, 200)))
        if time_ms >= start
    ]
    return {"symbol": query["symbol"], "category": "linear", "list": rows, "nextPageCursor": ""}


def _accounts(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    listing, step = _listing(market, query, now_ms), _period(query, "period", now_ms)
    end, start = min(int(query.get("endTime") or now_ms), now_ms), int(query.get("startTime") or 0)
    rows = [
        {
            "symbol": query["symbol"],
            "buyRatio": text(share, 4),
            "sellRatio": text(1 - share, 4),
            "timestamp": str(time_ms),
        }
        for time_ms, share in reversed(market.long_short(listing.base, step, end, count(query, 50, 500)))
        if time_ms >= start
    ]
    return {"list": rows, "nextPageCursor": ""}


ENDPOINTS: dict[str, Callable[[SimulatedMarket, Query, int], Row]] = {
    "/v5/market/time": _time,
    "/v5/market/instruments-info": _instruments,
    "/v5/market/tickers": _tickers,
    "/v5/market/kline": _klines,
    "/v5/market/orderbook": _order_book,
    "/v5/market/recent-trade": _trades,
    "/v5/market/funding/history": _funding,
    "/v5/market/open-interest": _open_interest,
    "/v5/market/account-ratio": _accounts,
}
