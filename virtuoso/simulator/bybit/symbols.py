"""Bybit's data of one symbol. Rows are newest first."""

from __future__ import annotations

import uuid
from functools import lru_cache

from virtuoso.simulator.bybit.requests import Row, bad_request, listing_of, period_of
from virtuoso.simulator.factors import MINUTE_MS
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.venue_api import Query, fixed, fixed_rows, limit_of

SEQUENCES_PER_MS = 100  # the sequence number of a book is its time times this
INTERVALS = {
    **{str(n): n * MINUTE_MS for n in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": 1440 * MINUTE_MS,
    "W": 7 * 1440 * MINUTE_MS,
}


def klines(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return candles."""
    listing = listing_of(market, query, now_ms)
    step = INTERVALS.get(query.get("interval", ""))
    if step is None:
        raise bad_request("Invalid period!", now_ms)
    limit = limit_of(query, 200, 1000)
    end = min(int(query.get("end") or now_ms), now_ms)
    start = int(query.get("start") or end - end % step - (limit - 1) * step)
    if query.get("start") and not query.get("end"):
        end = min(now_ms, start + (limit - 1) * step)
    start = max(start, end - end % step - (limit - 1) * step)  # of a longer range, Bybit returns the newest bars
    bars = market.candles(listing.base, step, start, end, now_ms)[::-1]
    p, q = listing.price_digits, listing.size_digits
    rows = fixed_rows(bars.tolist(), 0, p, p, p, p, q, 4)
    return {"symbol": query["symbol"], "category": "linear", "list": rows}


def order_book(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return the order book."""
    listing = listing_of(market, query, now_ms)
    sides = market.book(listing.base, now_ms, limit_of(query, 25, 1000))
    bids, asks = (fixed_rows(side, listing.price_digits, listing.size_digits) for side in sides)
    changed_ms = now_ms - now_ms % market.step_ms(listing.base)
    times = {"ts": now_ms - 5, "u": now_ms // 20, "seq": changed_ms * SEQUENCES_PER_MS, "cts": now_ms - 8}
    return {"s": query["symbol"], "b": bids, "a": asks, **times}


def trades(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return the newest trades."""
    listing = listing_of(market, query, now_ms)
    symbol = query["symbol"]
    trades = market.trades(listing.base, now_ms, limit_of(query, 500, 1000))[::-1]
    texts = fixed_rows([(price, size) for _, _, price, size, _ in trades], listing.price_digits, listing.size_digits)
    rows = [
        {
            "execId": exec_id(symbol, number),
            "symbol": symbol,
            "price": price,
            "size": size,
            "side": "Buy" if buy else "Sell",
            "time": str(time_ms),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(number),
        }
        for (number, time_ms, _, _, buy), (price, size) in zip(trades, texts, strict=True)
    ]
    return {"category": "linear", "list": rows}


def exec_id(symbol: str, number: int) -> str:
    """Return the id of a trade."""
    return f"{_id_prefix(symbol)}{number:012x}"


@lru_cache(maxsize=256)
def _id_prefix(symbol: str) -> str:
    name_id = uuid.uuid5(uuid.NAMESPACE_DNS, symbol).hex
    return f"{name_id[:8]}-{name_id[8:12]}-5{name_id[13:16]}-9{name_id[17:20]}-"


def funding_history(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return settled funding rates."""
    listing = listing_of(market, query, now_ms)
    start, end = _time_range(query, now_ms)
    rows = [
        {"symbol": query["symbol"], "fundingRate": fixed(rate, 8), "fundingRateTimestamp": str(time_ms)}
        for time_ms, rate in reversed(market.funding(listing.base, end, limit_of(query, 200, 200)))
        if time_ms >= start
    ]
    return {"category": "linear", "list": rows}


def open_interest(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return open interest over time."""
    listing, step = listing_of(market, query, now_ms), period_of(query, "intervalTime", now_ms)
    start, end = _time_range(query, now_ms)
    rows = [
        {"openInterest": fixed(value, 8), "timestamp": str(time_ms)}
        for time_ms, value in reversed(market.open_interest(listing.base, step, end, limit_of(query, 50, 200)))
        if time_ms >= start
    ]
    return {"symbol": query["symbol"], "category": "linear", "list": rows, "nextPageCursor": ""}


def account_ratio(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return the shares of long and short accounts over time."""
    listing, step = listing_of(market, query, now_ms), period_of(query, "period", now_ms)
    start, end = _time_range(query, now_ms)
    rows = [
        {
            "symbol": query["symbol"],
            "buyRatio": fixed(share, 4),
            "sellRatio": fixed(1 - share, 4),
            "timestamp": str(time_ms),
        }
        for time_ms, share in reversed(market.long_short(listing.base, step, end, limit_of(query, 50, 500)))
        if time_ms >= start
    ]
    return {"list": rows, "nextPageCursor": ""}


def _time_range(query: Query, now_ms: int) -> tuple[int, int]:
    """Return (start, end) of a query in ms. The default is all data up to now."""
    return int(query.get("startTime") or 0), min(int(query.get("endTime") or now_ms), now_ms)
