"""OKX v5: public endpoints of USDT-margined perpetual swaps, and one coin-margined swap that a client must ignore.

OKX gives sizes in contracts of `ctVal` coins. It names every asset by the coin (PEPE, not 1000PEPE). It lists rows newest
first.
"""

from __future__ import annotations

from collections.abc import Mapping

from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.okx import markets, symbols
from virtuoso.simulator.okx.requests import error
from virtuoso.simulator.venue_api import Endpoint, Query, Refusal

PREFIXES = ("/api/v5/",)
ENDPOINTS: Mapping[str, Endpoint] = {
    "public/time": lambda _, __, now_ms: [{"ts": str(now_ms)}],
    "public/instruments": markets.instruments,
    "public/funding-rate": markets.funding_rates,
    "public/funding-rate-history": symbols.funding_history,
    "public/mark-price": markets.mark_prices,
    "public/open-interest": markets.open_interest,
    "market/tickers": markets.tickers,
    "market/ticker": symbols.ticker,
    "market/index-tickers": markets.index_tickers,
    "market/candles": symbols.candles,
    "market/history-candles": symbols.candles,
    "market/books": symbols.order_book,
    "market/trades": symbols.trades,
    "market/history-trades": symbols.trades,
    "rubik/stat/contracts/open-interest-history": symbols.open_interest_history,
    "rubik/stat/contracts/long-short-account-ratio-contract": symbols.account_ratio,
}


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
    """Return the body of a successful reply. Raise ApiError for a request that OKX would refuse."""
    endpoint = ENDPOINTS.get(path.removeprefix("/api/v5/"))
    if endpoint is None:
        raise error("404", "Not Found", status=404)
    try:
        return {"code": "0", "msg": "", "data": endpoint(market, query, now_ms)}
    except ValueError as failure:
        raise error("51000", f"Parameter error: {failure}", status=400) from failure


def refusal(kind: str, now_ms: int) -> Refusal:  # noqa: ARG001 - OKX gives neither a duration nor a separate ban
    """Return the reply to too many requests."""
    return 429, {"code": "50011", "data": [], "msg": "Too Many Requests"}, {}
