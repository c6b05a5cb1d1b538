"""Bybit v5: public market data of linear USDT perpetuals."""

from __future__ import annotations

from collections.abc import Mapping

from virtuoso.simulator.bybit import markets, symbols
from virtuoso.simulator.bybit.requests import bad_request, reply
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.venue_api import ApiError, Endpoint, Query, Refusal

PREFIXES = ("/v5/",)
CATEGORIES = ("linear", "spot", "inverse", "option")
ENDPOINTS: Mapping[str, Endpoint] = {
    "/v5/market/time": markets.server_time,
    "/v5/market/instruments-info": markets.instruments,
    "/v5/market/tickers": markets.tickers,
    "/v5/market/kline": symbols.klines,
    "/v5/market/orderbook": symbols.order_book,
    "/v5/market/recent-trade": symbols.trades,
    "/v5/market/funding/history": symbols.funding_history,
    "/v5/market/open-interest": symbols.open_interest,
    "/v5/market/account-ratio": symbols.account_ratio,
}


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
    """Return the body of a successful reply. Raise ApiError for a bad request, with status 200 as Bybit uses, or for an
    unknown path, with status 404."""
    if (endpoint := ENDPOINTS.get(path)) is None:
        raise ApiError(404, reply({}, now_ms, 10001, "unknown path"))
    if query.get("category", "linear") not in CATEGORIES:
        raise bad_request("params error: Category is invalid", now_ms)
    try:
        return reply(endpoint(market, query, now_ms), now_ms)
    except ValueError as error:
        raise bad_request(f"params error: {error}", now_ms) from error


def refusal(kind: str, now_ms: int) -> Refusal:
    """Return the reply to too many requests: an HTTP status, or for "ban" a code and a header with the end of the ban."""
    body = reply({}, now_ms, 10006, "Too many visits. Exceeded the API Rate Limit.")
    if kind == "429":
        return 429, body, {"Retry-After": "5"}
    return 200, body, {"X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(now_ms + 1000)}
