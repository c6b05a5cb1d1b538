"""Bybit's envelope, errors and query parameters."""

from __future__ import annotations

from functools import lru_cache

from virtuoso.simulator.factors import MINUTE_MS
from virtuoso.simulator.market import Listing, SimulatedMarket
from virtuoso.simulator.venue_api import ApiError, Query

Row = dict[str, object]

PERIOD_MINUTES = {"5min": 5, "15min": 15, "30min": 30, "1h": 60, "4h": 240, "1d": 1440}  # periods of statistics


def symbol_of(listing: Listing) -> str:
    """Return the symbol, such as BTCUSDT or 1000PEPEUSDT. SHIB1000USDT is the only symbol with the multiplier after the
    base."""
    return f"{listing.base}{listing.multiplier}USDT" if listing.base == "SHIB" else f"{listing.name}USDT"


def reply(result: object, now_ms: int, code: int = 0, message: str = "OK") -> Row:
    """Return the envelope of a result."""
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now_ms}


def bad_request(message: str, now_ms: int) -> ApiError:
    """Return the error of a bad request."""
    return ApiError(200, reply({}, now_ms, 10001, message))


@lru_cache(maxsize=4)
def _symbols(market: SimulatedMarket) -> dict[str, Listing]:
    return {symbol_of(listing): listing for listing in market.listings}


def listing_of(market: SimulatedMarket, query: Query, now_ms: int) -> Listing:
    """Return the listing of the `symbol`."""
    listing = _symbols(market).get(query.get("symbol", ""))
    if listing is None or query.get("category", "linear") != "linear" or listing.launched_ms > now_ms:
        raise bad_request("Not supported symbols", now_ms)
    return listing


def listings_of(market: SimulatedMarket, query: Query, now_ms: int) -> list[Listing]:
    """Return the listing of the `symbol`, or all listings without a `symbol`."""
    if query.get("symbol"):
        return [listing_of(market, query, now_ms)]
    linear = query.get("category", "linear") == "linear"
    return [listing for listing in market.listings if linear and listing.launched_ms < now_ms]


def period_of(query: Query, name: str, now_ms: int) -> int:
    """Return the step of a statistic in ms."""
    minutes = PERIOD_MINUTES.get(query.get(name, ""))
    if minutes is None:
        raise bad_request(f"{name} is invalid", now_ms)
    return minutes * MINUTE_MS
