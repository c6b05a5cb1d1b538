"""CoinGecko's `/api/v3/global`: BTC's share of the market."""

from __future__ import annotations

from collections.abc import Mapping

from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.wires import Refusal, Unknown

PREFIXES = ("/api/v3/global", "/api/v3/ping")


def answer(market: SimulatedMarket, path: str, query: Mapping[str, str], now_ms: int) -> object:  # noqa: ARG001 - every wire's shape
    """The reply's body. Unknown: 404."""
    if path == "/api/v3/ping":
        return {"gecko_says": "(V3) To the Moon!"}
    if path != "/api/v3/global":
        raise Unknown(404, {"error": "Incorrect path. Please check https://www.coingecko.com/api/"})
    btc, quote = market.dominance(now_ms), market.quote("BTC", now_ms)
    total = quote.last * 20e6 / (btc / 100)
    moved = 100 * (quote.last / quote.open_24h - 1)
    return {
        "data": {
            "active_cryptocurrencies": len(market.listings),
            "markets": 1,
            "total_market_cap": {"usd": total, "btc": total / quote.last},
            "total_volume": {"usd": 3 * quote.turnover_24h, "btc": 3 * quote.volume_24h},
            "market_cap_percentage": {"btc": btc},
            "market_cap_change_percentage_24h_usd": moved,
            "updated_at": now_ms // 60_000 * 60,
        }
    }


def refusal(kind: str, now_ms: int) -> Refusal:  # noqa: ARG001 - every wire's shape
    """Too many requests; it has no ban of its own."""
    body = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}
    return 429, body, {"Retry-After": "60" if kind == "ban" else "5"}
