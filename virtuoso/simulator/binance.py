"""Binance USD-M futures: `/fapi/v1` (v2 and v3 answer alike) and `/futures/data`, public endpoints only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from virtuoso.simulator.market import Floats, Listing, Quote, SimulatedMarket
from virtuoso.simulator.wires import Refusal, Unknown, count, text

PREFIXES = ("/fapi/", "/futures/data/")

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NEVER_MS = 4_133_404_800_000  # the delivery date of what is never delivered
STEPS_MS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
}
SHORTEST_PERIOD_MS = 300_000  # of the series under /futures/data
BOOK_LEVELS = (5, 10, 20, 50, 100, 500, 1000)
BAN_MS = 120_000

Query = Mapping[str, str]


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
    """The body of a good reply; Unknown for what Binance would refuse."""
    if path.startswith("/futures/data/"):
        endpoint = _DATA.get(path.removeprefix("/futures/data/"))
    else:
        endpoint = _ENDPOINTS.get(path.split("/", 3)[-1])
    if endpoint is None:
        raise _error(404, -5000, f"Path {path}, Method GET is invalid")
    try:
        return endpoint(market, query, now_ms)
    except ValueError as failure:
        raise _error(400, -1100, f"Illegal characters found in a parameter: {failure}") from failure


def refusal(kind: str, now_ms: int) -> Refusal:
    """Too many requests, and the ban for going on all the same."""
    if kind == "ban":
        said = f"Way too much request weight used; IP banned until {now_ms + BAN_MS}. Please use the websocket."
        return 418, {"code": -1003, "msg": said}, {"Retry-After": str(BAN_MS // 1000)}
    said = "Too many requests; current limit of IP is 2400 requests per minute."
    return 429, {"code": -1003, "msg": said}, {"Retry-After": "5"}


# ------------------------------------------------------------------------------------------------------------- markets


def _exchange_info(market: SimulatedMarket, _: Query, now_ms: int) -> object:
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}]
    listed = [each for each in market.listings if each.launched_ms <= now_ms]
    symbols = [_contract(each, each.name + "USDT", "PERPETUAL", NEVER_MS) for each in listed]
    symbols += [_contract(each, *_quarterly(each, now_ms)) for each in listed[:2]]  # ours to leave out
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True}],
        "symbols": symbols,
    }


def _quarterly(listing: Listing, now_ms: int) -> tuple[str, str, int]:
    """A dated future: (symbol, contract type, delivery date)."""
    delivery_ms = (now_ms // (91 * DAY_MS) + 1) * 91 * DAY_MS + 8 * HOUR_MS
    return f"{listing.name}USDT_{_date(delivery_ms)}", "CURRENT_QUARTER", delivery_ms


def _date(epoch_ms: int) -> str:
    """YYMMDD of UTC."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%y%m%d")


def _contract(listing: Listing, symbol: str, kind: str, delivery_ms: int) -> object:
    step = text(listing.lot, listing.size_digits)
    return {
        "symbol": symbol,
        "pair": f"{listing.name}USDT",
        "contractType": kind,
        "deliveryDate": delivery_ms,
        "onboardDate": listing.launched_ms,
        "status": "TRADING",
        "baseAsset": listing.name,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": listing.price_digits,
        "quantityPrecision": listing.size_digits,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": text(listing.tick, listing.price_digits)},
            {"filterType": "LOT_SIZE", "stepSize": step, "minQty": step, "maxQty": "1000000"},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


# ------------------------------------------------------------------------------------------------------------- tickers


def _day(listing: Listing, quote: Quote, now_ms: int) -> object:
    digits, sizes = listing.price_digits, listing.size_digits
    change, volume = quote.last - quote.open_24h, quote.volume_24h
    mean = quote.turnover_24h / volume if volume > 0 else quote.last
    return {
        "symbol": f"{listing.name}USDT",
        "priceChange": text(change, digits),
        "priceChangePercent": text(100 * change / quote.open_24h, 3),
        "weightedAvgPrice": text(mean, digits),
        "lastPrice": text(quote.last, digits),
        "lastQty": text(listing.lot, sizes),
        "openPrice": text(quote.open_24h, digits),
        "highPrice": text(quote.high_24h, digits),
        "lowPrice": text(quote.low_24h, digits),
        "volume": text(volume, sizes),
        "quoteVolume": text(quote.turnover_24h, 2),
        "openTime": now_ms // 60_000 * 60_000 - DAY_MS,
        "closeTime": now_ms,
        "firstId": 1,
        "lastId": quote.trades_24h,
        "count": quote.trades_24h,
    }


def _price(listing: Listing, quote: Quote, now_ms: int) -> object:
    return {"symbol": f"{listing.name}USDT", "price": text(quote.last, listing.price_digits), "time": now_ms}


def _best(listing: Listing, quote: Quote, now_ms: int) -> object:
    digits, sizes = listing.price_digits, listing.size_digits
    return {
        "symbol": f"{listing.name}USDT",
        "bidPrice": text(quote.bid, digits),
        "bidQty": text(quote.bid_size, sizes),
        "askPrice": text(quote.ask, digits),
        "askQty": text(quote.ask_size, sizes),
        "time": now_ms,
    }


def _premium(listing: Listing, quote: Quote, now_ms: int) -> object:
    return {
        "symbol": f"{listing.name}USDT",
        "markPrice": text(quote.mark, 8),
        "indexPrice": text(quote.index, 8),
        "estimatedSettlePrice": text(quote.index, 8),
        "lastFundingRate": text(quote.funding_rate, 8),
        "interestRate": "0.00010000",
        "nextFundingTime": quote.next_funding_ms,
        "time": now_ms,
    }


def _open_interest(listing: Listing, quote: Quote, now_ms: int) -> object:
    size = text(quote.open_interest, listing.size_digits)
    return {"symbol": f"{listing.name}USDT", "openInterest": size, "time": now_ms}


def _of_quotes(
    row: Callable[[Listing, Quote, int], object], *, one_only: bool = False
) -> Callable[[SimulatedMarket, Query, int], object]:
    """An endpoint that answers with one row for a `symbol`, or with those of all."""

    def endpoint(market: SimulatedMarket, query: Query, now_ms: int) -> object:
        if one_only or query.get("symbol"):
            listing = _listing(market, query, now_ms)
            return row(listing, market.quote(listing.base, now_ms), now_ms)
        return [row(market.listing(base), quote, now_ms) for base, quote in market.quotes(now_ms).items()]

    return endpoint


# ---------------------------------------------------------------------------------------------------------- one symbol


def _klines(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing, limit = _listing(market, query, now_ms), count(query, 500, 1500)
    step = STEPS_MS.get(query.get("interval", ""))
    if step is None:
        raise _error(400, -1120, "Invalid interval.")
    end = min(int(query.get("endTime") or now_ms), now_ms)
    if query.get("startTime"):
        start = int(query["startTime"])
        rows = market.candles(listing.base, step, start, min(end, start + limit * step), now_ms)[:limit]
    else:
        rows = market.candles(listing.base, step, end - limit * step, end, now_ms)[-limit:]
    return [_bar(listing, row, step) for row in rows.tolist()]


def _bar(listing: Listing, row: Sequence[float], step: int) -> list[object]:
    opened, high, low, close, volume, turnover = row[1:]
    bought = 0.5 + 0.3 * (close - opened) / (high - low) if high > low else 0.5  # takers' share
    digits, sizes = listing.price_digits, listing.size_digits
    prices = [text(price, digits) for price in (opened, high, low, close)]
    return [
        *(int(row[0]), *prices, text(volume, sizes), int(row[0]) + step - 1, text(turnover, 5), int(turnover / 2500) + 1),
        *(text(volume * bought, sizes), text(turnover * bought, 5), "0"),
    ]


def _depth(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing = _listing(market, query, now_ms)
    levels = int(query.get("limit") or 500)
    if levels not in BOOK_LEVELS:
        raise _error(400, -4021, f"{levels} is not valid depth limit.")
    bids, asks = (
        [[text(price, listing.price_digits), text(size, listing.size_digits)] for price, size in side]
        for side in market.book(listing.base, now_ms, levels)
    )
    return {"lastUpdateId": now_ms * 10, "E": now_ms, "T": now_ms, "bids": bids, "asks": asks}


def _trades(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing = _listing(market, query, now_ms)
    return [
        {
            "id": number,
            "price": text(price, listing.price_digits),
            "qty": text(size, listing.size_digits),
            "quoteQty": text(price * size, 2),
            "time": time_ms,
            "isBuyerMaker": not bought,
        }
        for number, time_ms, price, size, bought in market.trades(listing.base, now_ms, count(query, 500, 1000))
    ]


def _aggregates(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing = _listing(market, query, now_ms)
    return [
        {
            "a": number,
            "p": text(price, listing.price_digits),
            "q": text(size, listing.size_digits),
            "f": number,
            "l": number,
            "T": time_ms,
            "m": not bought,
        }
        for number, time_ms, price, size, bought in market.trades(listing.base, now_ms, count(query, 500, 1000))
    ]


def _funding(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing = _listing(market, query, now_ms)
    rows = market.funding(listing.base, now_ms, count(query, 100, 1000))
    return [
        {"symbol": f"{listing.name}USDT", "fundingTime": time_ms, "fundingRate": text(rate, 8), "markPrice": ""}
        for time_ms, rate in rows
        if time_ms >= int(query.get("startTime") or 0)
    ]


def _open_interests(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing, step = _listing(market, query, now_ms), _period(query)
    rows = market.open_interest(listing.base, step, now_ms, count(query, 30, 500))
    closes = _closes(market, listing, step, [time_ms for time_ms, _ in rows], now_ms)
    return [
        {
            "symbol": f"{listing.name}USDT",
            "sumOpenInterest": text(size, 8),
            "sumOpenInterestValue": text(size * price, 8),
            "timestamp": time_ms,
        }
        for (time_ms, size), price in zip(rows, closes, strict=True)
    ]


def _closes(market: SimulatedMarket, listing: Listing, step: int, times: Sequence[int], now_ms: int) -> list[float]:
    """The price at each of the times, which are `step` apart: the open of the bar that begins there."""
    if not times:
        return []
    bars: Floats = market.candles(listing.base, step, times[0], times[-1], now_ms)
    opens = {int(row[0]): float(row[1]) for row in bars}
    last = market.quote(listing.base, now_ms).last
    return [opens.get(time_ms, last) for time_ms in times]


def _account_ratio(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    listing = _listing(market, query, now_ms)
    return [
        {
            "symbol": f"{listing.name}USDT",
            "longShortRatio": text(share / (1 - share), 4),
            "longAccount": text(share, 4),
            "shortAccount": text(1 - share, 4),
            "timestamp": time_ms,
        }
        for time_ms, share in market.long_short(listing.base, _period(query), now_ms, count(query, 30, 500))
    ]


# --------------------------------------------------------------------------------------------------------------- parts


def _listing(market: SimulatedMarket, query: Query, now_ms: int) -> Listing:
    symbol = query.get("symbol", "")
    if not symbol:
        raise _error(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    for listing in market.listings:
        if f"{listing.name}USDT" == symbol and listing.launched_ms <= now_ms:
            return listing
    raise _error(400, -1121, "Invalid symbol.")


def _period(query: Query) -> int:
    step = STEPS_MS.get(query.get("period", ""), 0)
    if not SHORTEST_PERIOD_MS <= step <= DAY_MS:
        raise _error(400, -1130, "Data sent for parameter 'period' is not valid.")
    return step


def _error(status: int, code: int, message: str) -> Unknown:
    return Unknown(status, {"code": code, "msg": message})


_ENDPOINTS: Mapping[str, Callable[[SimulatedMarket, Query, int], object]] = {
    "ping": lambda *_: {},
    "time": lambda _, __, now_ms: {"serverTime": now_ms},
    "exchangeInfo": _exchange_info,
    "ticker/24hr": _of_quotes(_day),
    "ticker/price": _of_quotes(_price),
    "ticker/bookTicker": _of_quotes(_best),
    "premiumIndex": _of_quotes(_premium),
    "openInterest": _of_quotes(_open_interest, one_only=True),
    "klines": _klines,
    "depth": _depth,
    "trades": _trades,
    "aggTrades": _aggregates,
    "fundingRate": _funding,
    "fundingInfo": lambda *_: [],  # only what differs from the usual cap and interval
}
_DATA: Mapping[str, Callable[[SimulatedMarket, Query, int], object]] = {
    "openInterestHist": _open_interests,
    "globalLongShortAccountRatio": _account_ratio,
    "topLongShortAccountRatio": _account_ratio,
}
