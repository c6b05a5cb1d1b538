"""Bybit's lists of the whole market."""

from __future__ import annotations

from virtuoso.simulator.bybit.requests import Row, listings_of, symbol_of
from virtuoso.simulator.market import Listing, Quote, SimulatedMarket
from virtuoso.simulator.venue_api import Query, fixed


def server_time(_: SimulatedMarket, __: Query, now_ms: int) -> Row:
    """Return the venue's clock."""
    return {"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * 1_000_000)}


def instruments(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return the instruments."""
    trading = query.get("status", "Trading") == "Trading"
    rows = [_instrument(listing) for listing in listings_of(market, query, now_ms)] if trading else []
    return {"category": query.get("category", "linear"), "list": rows, "nextPageCursor": ""}


def _instrument(listing: Listing) -> Row:
    tick, lot = fixed(listing.tick, listing.price_digits), fixed(listing.lot, listing.size_digits)
    largest = fixed(listing.lot * 1_000_000, listing.size_digits)
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
            "maxPrice": fixed(listing.tick * 2_000_000, listing.price_digits),
            "tickSize": tick,
        },
        "lotSizeFilter": {
            "maxOrderQty": largest,
            "minOrderQty": lot,
            "qtyStep": lot,
            "postOnlyMaxOrderQty": largest,
            "maxMktOrderQty": largest,
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


def tickers(market: SimulatedMarket, query: Query, now_ms: int) -> Row:
    """Return the tickers."""
    rows = [ticker(each, market.quote(each.base, now_ms)) for each in listings_of(market, query, now_ms)]
    return {"category": query.get("category", "linear"), "list": rows}


def ticker(listing: Listing, quote: Quote) -> Row:
    """Return the ticker of one listing."""

    def price(value: float) -> str:
        return fixed(value, listing.price_digits)

    def size(value: float) -> str:
        return fixed(value, listing.size_digits)

    return {
        "symbol": symbol_of(listing),
        "lastPrice": price(quote.last),
        "indexPrice": price(quote.index),
        "markPrice": price(quote.mark),
        "prevPrice24h": price(quote.open_24h),
        "price24hPcnt": fixed(quote.last / quote.open_24h - 1, 6),
        "highPrice24h": price(quote.high_24h),
        "lowPrice24h": price(quote.low_24h),
        "prevPrice1h": price(quote.price_1h_ago),
        "openInterest": size(quote.open_interest),
        "openInterestValue": fixed(quote.open_interest * quote.mark, 2),
        "turnover24h": fixed(quote.turnover_24h, 4),
        "volume24h": fixed(quote.volume_24h, 4),
        "fundingRate": fixed(quote.funding_rate, 8),
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
