"""OKX's lists of the whole market."""

from __future__ import annotations

from virtuoso.simulator.market import Quote, SimulatedMarket
from virtuoso.simulator.okx.requests import HOUR_MS, Swap, filtered, kind_of, quoted_swaps, swaps, trimmed
from virtuoso.simulator.venue_api import Query

FUNDING_MS = 8 * HOUR_MS
INVERSE = "BTC-USD-SWAP"


def instruments(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the instruments."""
    if kind_of(query) != "SWAP":
        return []
    rows: list[dict[str, object]] = []
    for swap in swaps(market, now_ms):
        base, tick = swap.listing.base, trimmed(swap.listing.tick / swap.listing.multiplier, swap.digits)
        contract = {"ctType": "linear", "ctVal": trimmed(swap.coins, 8), "ctValCcy": base, "settleCcy": "USDT"}
        rows.append(_instrument(swap.id, f"{base}-USDT", tick, swap.listing.launched_ms) | contract)
    inverse = {"ctType": "inverse", "ctVal": "100", "ctValCcy": "USD", "settleCcy": "BTC"}
    rows.append(_instrument(INVERSE, "BTC-USD", "0.1", market.listing("BTC").launched_ms) | inverse)
    return filtered(query, rows)


def _instrument(name: str, family: str, tick: str, launched_ms: int) -> dict[str, object]:
    return {
        "alias": "",
        "baseCcy": "",
        "category": "1",
        "ctMult": "1",
        "expTime": "",
        "instFamily": family,
        "instId": name,
        "instType": "SWAP",
        "lever": "50",
        "listTime": str(launched_ms),
        "lotSz": "0.01",
        "maxLmtSz": "100000000",
        "minSz": "0.01",
        "optType": "",
        "quoteCcy": "",
        "ruleType": "normal",
        "state": "live",
        "stk": "",
        "tickSz": tick,
        "uly": family,
    }


def tickers(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the tickers."""
    if kind_of(query) != "SWAP":
        return []
    rows = [ticker_row(Swap(market.listing(base)), quote, now_ms) for base, quote in market.quotes(now_ms).items()]
    btc, quote = Swap(market.listing("BTC")), market.quote("BTC", now_ms)
    volume = {"vol24h": trimmed(quote.turnover_24h / 10_000, 0), "volCcy24h": btc.amount(quote.volume_24h / 100)}
    return [*rows, ticker_row(btc, quote, now_ms) | {"instId": INVERSE} | volume]


def ticker_row(swap: Swap, quote: Quote, now_ms: int) -> dict[str, object]:
    """Return one ticker."""
    return {
        "instType": "SWAP",
        "instId": swap.id,
        "last": swap.price(quote.last),
        "lastSz": "1",
        "askPx": swap.price(quote.ask),
        "askSz": swap.contracts(quote.ask_size),
        "bidPx": swap.price(quote.bid),
        "bidSz": swap.contracts(quote.bid_size),
        "open24h": swap.price(quote.open_24h),
        "high24h": swap.price(quote.high_24h),
        "low24h": swap.price(quote.low_24h),
        "volCcy24h": swap.amount(quote.volume_24h),
        "vol24h": swap.contracts(quote.volume_24h),
        "ts": str(now_ms),
        "sodUtc0": swap.price(quote.open_24h),
        "sodUtc8": swap.price(quote.open_24h),
    }


def mark_prices(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the mark prices."""
    rows = [
        {"instType": "SWAP", "instId": swap.id, "markPx": swap.price(quote.mark), "ts": str(now_ms)}
        for swap, quote in quoted_swaps(market, now_ms)
    ]
    return filtered(query, rows)


def index_tickers(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the index prices."""
    if query.get("quoteCcy", "USDT") != "USDT":
        return []
    rows = [
        {
            "instId": f"{swap.listing.base}-USDT",
            "idxPx": swap.price(quote.index),
            "high24h": swap.price(quote.high_24h),
            "low24h": swap.price(quote.low_24h),
            "open24h": swap.price(quote.open_24h),
            "ts": str(now_ms),
        }
        for swap, quote in quoted_swaps(market, now_ms)
    ]
    return filtered(query, rows)


def open_interest(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the current open interest."""
    rows = [
        {
            "instType": "SWAP",
            "instId": swap.id,
            "oi": swap.contracts(quote.open_interest),
            "oiCcy": swap.amount(quote.open_interest),
            "oiUsd": trimmed(quote.open_interest * quote.last, 4),
            "ts": str(now_ms),
        }
        for swap, quote in quoted_swaps(market, now_ms)
    ]
    return filtered(query, rows)


def funding_rates(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the current funding rates."""
    rows = [
        {
            "formulaType": "withRate",
            "fundingRate": trimmed(quote.funding_rate, 12),
            "fundingTime": str(quote.next_funding_ms),
            "instId": swap.id,
            "instType": "SWAP",
            "maxFundingRate": "0.00375",
            "method": "current_period",
            "minFundingRate": "-0.00375",
            "nextFundingRate": "",
            "nextFundingTime": str(quote.next_funding_ms + FUNDING_MS),
            "premium": trimmed(quote.mark / quote.index - 1, 12),
            "ts": str(now_ms),
        }
        for swap, quote in quoted_swaps(market, now_ms)
    ]
    return list(rows) if query.get("instId") == "ANY" else filtered(query, rows)
