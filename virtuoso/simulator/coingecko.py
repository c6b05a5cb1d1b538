"""CoinGecko's `/api/v3/global`: BTC's share of the total market capitalization."""

from __future__ import annotations

from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.venue_api import ApiError, Query, Refusal

PREFIXES = ("/api/v3/global", "/api/v3/ping")


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:  # noqa: ARG001 - the common signature
    """Return the body. Raise ApiError with status 404 for another path."""
    if path == "/api/v3/ping":
        return {"gecko_says": "(V3) To the Moon!"}
    if path != "/api/v3/global":
        raise ApiError(404, {"error": "Incorrect path. Please check https://www.coingecko.com/api/"})
    btc, quote = market.dominance(now_ms), market.quote("BTC", now_ms)
    total = quote.last * 20e6 / (btc / 100)
    change_percent = 100 * (quote.last / quote.open_24h - 1)
    return {
        "data": {
            "active_cryptocurrencies": len(market.listings),
            "markets": 1,
            "total_market_cap": {"usd": total, "btc": total / quote.last},
            "total_volume": {"usd": 3 * quote.turnover_24h, "btc": 3 * quote.volume_24h},
            "market_cap_percentage": {"btc": btc},
            "market_cap_change_percentage_24h_usd": change_percent,
            "updated_at": now_ms // 60_000 * 60,
        }
    }


def refusal(kind: str, now_ms: int) -> Refusal:  # noqa: ARG001 - the common signature
    """Return the reply to too many requests. CoinGecko has no separate reply for a ban."""
    body = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}
    return 429, body, {"Retry-After": "60" if kind == "ban" else "5"}
