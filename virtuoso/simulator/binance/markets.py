"""Binance's lists of the whole market."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from virtuoso.simulator.binance.requests import DAY_MS, HOUR_MS, listing_of, symbol_of
from virtuoso.simulator.market import Listing, Quote, SimulatedMarket
from virtuoso.simulator.venue_api import Endpoint, Query, fixed

NEVER_MS = 4_133_404_800_000  # the delivery date of a perpetual


def exchange_info(market: SimulatedMarket, _: Query, now_ms: int) -> object:
    """Return the instruments, including two dated futures that a client must ignore."""
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}]
    listed = [each for each in market.listings if each.launched_ms <= now_ms]
    symbols = [_contract(each, symbol_of(each), "PERPETUAL", NEVER_MS) for each in listed]
    symbols += [_contract(each, *_quarterly(each, now_ms)) for each in listed[:2]]
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
    """Return a dated future: (symbol, contract type, delivery date)."""
    delivery_ms = (now_ms // (91 * DAY_MS) + 1) * 91 * DAY_MS + 8 * HOUR_MS
    delivery = datetime.fromtimestamp(delivery_ms / 1000, UTC)
    return f"{listing.name}USDT_{delivery:%y%m%d}", "CURRENT_QUARTER", delivery_ms


def _contract(listing: Listing, symbol: str, kind: str, delivery_ms: int) -> object:
    step = fixed(listing.lot, listing.size_digits)
    return {
        "symbol": symbol,
        "pair": symbol_of(listing),
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
            {"filterType": "PRICE_FILTER", "tickSize": fixed(listing.tick, listing.price_digits)},
            {"filterType": "LOT_SIZE", "stepSize": step, "minQty": step, "maxQty": "1000000"},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def quote_endpoint(row: Callable[[Listing, Quote, int], object]) -> Endpoint:
    """Return an endpoint that returns the row of the `symbol`, or the rows of all listings without a `symbol`."""

    def endpoint(market: SimulatedMarket, query: Query, now_ms: int) -> object:
        if query.get("symbol"):
            listing = listing_of(market, query, now_ms)
            return row(listing, market.quote(listing.base, now_ms), now_ms)
        return [row(market.listing(base), quote, now_ms) for base, quote in market.quotes(now_ms).items()]

    return endpoint


def ticker(listing: Listing, quote: Quote, now_ms: int) -> dict[str, object]:
    """Return the ticker of one listing."""
    digits, sizes = listing.price_digits, listing.size_digits
    change, volume = quote.last - quote.open_24h, quote.volume_24h
    average = quote.turnover_24h / volume if volume > 0 else quote.last
    return {
        "symbol": symbol_of(listing),
        "priceChange": fixed(change, digits),
        "priceChangePercent": fixed(100 * change / quote.open_24h, 3),
        "weightedAvgPrice": fixed(average, digits),
        "lastPrice": fixed(quote.last, digits),
        "lastQty": fixed(listing.lot, sizes),
        "openPrice": fixed(quote.open_24h, digits),
        "highPrice": fixed(quote.high_24h, digits),
        "lowPrice": fixed(quote.low_24h, digits),
        "volume": fixed(volume, sizes),
        "quoteVolume": fixed(quote.turnover_24h, 2),
        "openTime": now_ms // 60_000 * 60_000 - DAY_MS,
        "closeTime": now_ms,
        "firstId": 1,
        "lastId": quote.trades_24h,
        "count": quote.trades_24h,
    }


def _price(listing: Listing, quote: Quote, now_ms: int) -> object:
    return {"symbol": symbol_of(listing), "price": fixed(quote.last, listing.price_digits), "time": now_ms}


def _best_price(listing: Listing, quote: Quote, now_ms: int) -> object:
    digits, sizes = listing.price_digits, listing.size_digits
    return {
        "symbol": symbol_of(listing),
        "bidPrice": fixed(quote.bid, digits),
        "bidQty": fixed(quote.bid_size, sizes),
        "askPrice": fixed(quote.ask, digits),
        "askQty": fixed(quote.ask_size, sizes),
        "time": now_ms,
    }


def premium(listing: Listing, quote: Quote, now_ms: int) -> dict[str, object]:
    """Return the mark price and the funding rate of one listing."""
    return {
        "symbol": symbol_of(listing),
        "markPrice": fixed(quote.mark, 8),
        "indexPrice": fixed(quote.index, 8),
        "estimatedSettlePrice": fixed(quote.index, 8),
        "lastFundingRate": fixed(quote.funding_rate, 8),
        "interestRate": "0.00010000",
        "nextFundingTime": quote.next_funding_ms,
        "time": now_ms,
    }


tickers = quote_endpoint(ticker)
prices = quote_endpoint(_price)
best_prices = quote_endpoint(_best_price)
premiums = quote_endpoint(premium)
