"""Binance USD-M futures: public endpoints of `/fapi/v1` (v2 and v3 give the same replies) and `/futures/data`."""

from __future__ import annotations

from collections.abc import Mapping

from virtuoso.simulator.binance import markets, symbols
from virtuoso.simulator.binance.requests import error
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.venue_api import Endpoint, Query, Refusal

PREFIXES = ("/fapi/", "/futures/data/")
BAN_MS = 120_000
ENDPOINTS: Mapping[str, Endpoint] = {
    "ping": lambda *_: {},
    "time": lambda _, __, now_ms: {"serverTime": now_ms},
    "exchangeInfo": markets.exchange_info,
    "ticker/24hr": markets.tickers,
    "ticker/price": markets.prices,
    "ticker/bookTicker": markets.best_prices,
    "premiumIndex": markets.premiums,
    "openInterest": symbols.open_interest,
    "klines": symbols.klines,
    "depth": symbols.depth,
    "trades": symbols.trades,
    "aggTrades": symbols.aggregate_trades,
    "fundingRate": symbols.funding_rates,
    "fundingInfo": lambda *_: [],  # lists only symbols with an unusual cap or interval
}
DATA_ENDPOINTS: Mapping[str, Endpoint] = {
    "openInterestHist": symbols.open_interest_history,
    "globalLongShortAccountRatio": symbols.account_ratio,
    "topLongShortAccountRatio": symbols.account_ratio,
}


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
    """Return the body of a successful reply. Raise ApiError for a request that Binance would refuse."""
    if path.startswith("/futures/data/"):
        endpoint = DATA_ENDPOINTS.get(path.removeprefix("/futures/data/"))
    else:
        endpoint = ENDPOINTS.get(path.split("/", 3)[-1])
    if endpoint is None:
        raise error(404, -5000, f"Path {path}, Method GET is invalid")
    try:
        return endpoint(market, query, now_ms)
    except ValueError as failure:
        raise error(400, -1100, f"Illegal characters found in a parameter: {failure}") from failure


def refusal(kind: str, now_ms: int) -> Refusal:
    """Return the reply to too many requests. "ban" is the reply to a client that did not stop after it."""
    if kind == "ban":
        message = f"Way too much request weight used; IP banned until {now_ms + BAN_MS}. Please use the websocket."
        return 418, {"code": -1003, "msg": message}, {"Retry-After": str(BAN_MS // 1000)}
    message = "Too many requests; current limit of IP is 2400 requests per minute."
    return 429, {"code": -1003, "msg": message}, {"Retry-After": "5"}
