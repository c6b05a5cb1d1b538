"""Binance's errors and query parameters."""

from __future__ import annotations

from virtuoso.simulator.market import Listing, SimulatedMarket
from virtuoso.simulator.venue_api import ApiError, Query

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
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

SHORTEST_PERIOD_MS = 300_000  # the shortest period of the series under /futures/data


def symbol_of(listing: Listing) -> str:
    """Return the symbol, such as BTCUSDT or 1000PEPEUSDT."""
    return listing.name + "USDT"


def error(status: int, code: int, message: str) -> ApiError:
    """Return an error reply."""
    return ApiError(status, {"code": code, "msg": message})


def listing_of(market: SimulatedMarket, query: Query, now_ms: int) -> Listing:
    """Return the listing of the mandatory `symbol`."""
    symbol = query.get("symbol", "")
    if not symbol:
        raise error(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    for listing in market.listings:
        if symbol_of(listing) == symbol and listing.launched_ms <= now_ms:
            return listing
    raise error(400, -1121, "Invalid symbol.")


def period_of(query: Query) -> int:
    """Return the step of a statistic in ms."""
    step = STEPS_MS.get(query.get("period", ""), 0)
    if not SHORTEST_PERIOD_MS <= step <= DAY_MS:
        raise error(400, -1130, "Data sent for parameter 'period' is not valid.")
    return step
