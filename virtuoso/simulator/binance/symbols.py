"""Binance's data of one symbol. Rows are oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from virtuoso.simulator.binance.requests import STEPS_MS, error, listing_of, period_of, symbol_of
from virtuoso.simulator.market import Floats, Listing, SimulatedMarket
from virtuoso.simulator.venue_api import Query, fixed, limit_of

UPDATES_PER_MS = 10  # the update id of a book is its time times this
BOOK_LEVELS = (5, 10, 20, 50, 100, 500, 1000)


def open_interest(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return the current open interest."""
    listing = listing_of(market, query, now_ms)
    quote = market.quote(listing.base, now_ms)
    size = fixed(quote.open_interest, listing.size_digits)
    return {"symbol": symbol_of(listing), "openInterest": size, "time": now_ms}


def klines(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return candles."""
    listing, limit = listing_of(market, query, now_ms), limit_of(query, 500, 1500)
    step = STEPS_MS.get(query.get("interval", ""))
    if step is None:
        raise error(400, -1120, "Invalid interval.")
    end = min(int(query.get("endTime") or now_ms), now_ms)
    if query.get("startTime"):
        start = int(query["startTime"])
        rows = market.candles(listing.base, step, start, min(end, start + limit * step), now_ms)[:limit]
    else:
        rows = market.candles(listing.base, step, end - limit * step, end, now_ms)[-limit:]
    return [_bar(listing, row, step) for row in rows.tolist()]


def _bar(listing: Listing, row: Sequence[float], step: int) -> list[object]:
    open_, high, low, close, volume, turnover = row[1:]
    bought = bought_share(open_, high, low, close)
    digits, sizes = listing.price_digits, listing.size_digits
    prices = [fixed(price, digits) for price in (open_, high, low, close)]
    return [
        *(int(row[0]), *prices, fixed(volume, sizes), int(row[0]) + step - 1, fixed(turnover, 5), int(turnover / 2500) + 1),
        *(fixed(volume * bought, sizes), fixed(turnover * bought, 5), "0"),
    ]


def bought_share(open_: float, high: float, low: float, close: float) -> float:
    """Return the share of a bar's volume that takers bought, 0.2 to 0.8."""
    return 0.5 + 0.3 * (close - open_) / (high - low) if high > low else 0.5


def depth(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return the order book."""
    listing = listing_of(market, query, now_ms)
    levels = int(query.get("limit") or 500)
    if levels not in BOOK_LEVELS:
        raise error(400, -4021, f"{levels} is not valid depth limit.")
    bids, asks = (
        [[fixed(price, listing.price_digits), fixed(size, listing.size_digits)] for price, size in side]
        for side in market.book(listing.base, now_ms, levels)
    )
    changed_ms = now_ms - now_ms % market.step_ms(listing.base)
    return {"lastUpdateId": changed_ms * UPDATES_PER_MS, "E": now_ms, "T": now_ms, "bids": bids, "asks": asks}


def trades(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return the newest trades."""
    listing = listing_of(market, query, now_ms)
    return [
        {
            "id": number,
            "price": fixed(price, listing.price_digits),
            "qty": fixed(size, listing.size_digits),
            "quoteQty": fixed(price * size, 2),
            "time": time_ms,
            "isBuyerMaker": not bought,
        }
        for number, time_ms, price, size, bought in market.trades(listing.base, now_ms, limit_of(query, 500, 1000))
    ]


def aggregate_trades(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return the newest trades in their short form."""
    listing = listing_of(market, query, now_ms)
    return [
        {
            "a": number,
            "p": fixed(price, listing.price_digits),
            "q": fixed(size, listing.size_digits),
            "f": number,
            "l": number,
            "T": time_ms,
            "m": not bought,
        }
        for number, time_ms, price, size, bought in market.trades(listing.base, now_ms, limit_of(query, 500, 1000))
    ]


def funding_rates(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return settled funding rates."""
    listing = listing_of(market, query, now_ms)
    rows = market.funding(listing.base, now_ms, limit_of(query, 100, 1000))
    return [
        {"symbol": symbol_of(listing), "fundingTime": time_ms, "fundingRate": fixed(rate, 8), "markPrice": ""}
        for time_ms, rate in rows
        if time_ms >= int(query.get("startTime") or 0)
    ]


def open_interest_history(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return open interest over time."""
    listing, step = listing_of(market, query, now_ms), period_of(query)
    rows = market.open_interest(listing.base, step, now_ms, limit_of(query, 30, 500))
    prices = _prices_at(market, listing, step, [time_ms for time_ms, _ in rows], now_ms)
    return [
        {
            "symbol": symbol_of(listing),
            "sumOpenInterest": fixed(size, 8),
            "sumOpenInterestValue": fixed(size * price, 8),
            "timestamp": time_ms,
        }
        for (time_ms, size), price in zip(rows, prices, strict=True)
    ]


def _prices_at(market: SimulatedMarket, listing: Listing, step: int, times: Sequence[int], now_ms: int) -> list[float]:
    """Return the price at each of `times`, which are `step` apart. It is the open of the bar that begins at this time, or
    the last price."""
    if not times:
        return []
    bars: Floats = market.candles(listing.base, step, times[0], times[-1], now_ms)
    opens = {int(row[0]): float(row[1]) for row in bars}
    last = market.quote(listing.base, now_ms).last
    return [opens.get(time_ms, last) for time_ms in times]


def account_ratio(market: SimulatedMarket, query: Query, now_ms: int) -> object:
    """Return the shares of long and short accounts over time."""
    listing = listing_of(market, query, now_ms)
    return [
        {
            "symbol": symbol_of(listing),
            "longShortRatio": fixed(share / (1 - share), 4),
            "longAccount": fixed(share, 4),
            "shortAccount": fixed(1 - share, 4),
            "timestamp": time_ms,
        }
        for time_ms, share in market.long_short(listing.base, period_of(query), now_ms, limit_of(query, 30, 500))
    ]
