"""OKX's data of one swap. Rows are newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.okx.markets import ticker_row
from virtuoso.simulator.okx.requests import HOUR_MS, Swap, error, swap_of, trimmed
from virtuoso.simulator.venue_api import Query, limit_of

BARS_MS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1H": HOUR_MS,
    "2H": 2 * HOUR_MS,
    "4H": 4 * HOUR_MS,
    "6Hutc": 6 * HOUR_MS,  # without "utc" these bars begin at 16:00 UTC
    "12Hutc": 12 * HOUR_MS,
    "1Dutc": 24 * HOUR_MS,
}

PERIODS_MS = {"5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1H": HOUR_MS, "2H": 2 * HOUR_MS, "4H": 4 * HOUR_MS}


def ticker(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the ticker."""
    swap = swap_of(market, query, now_ms)
    return [ticker_row(swap, market.quote(swap.listing.base, now_ms), now_ms)]


def candles(market: SimulatedMarket, query: Query, now_ms: int) -> list[list[str]]:
    """Return candles."""
    swap, limit = swap_of(market, query, now_ms), limit_of(query, 100, 300)
    step = BARS_MS.get(query.get("bar") or "1m")
    if step is None:
        raise error("51000", "Parameter bar error", status=400)
    before, after = int(query.get("before") or 0), int(query.get("after") or now_ms + 1)  # both are exclusive
    end = min(after - 1, now_ms)
    start = max(before + 1, end - limit * step)
    rows = market.candles(swap.listing.base, step, start, end, now_ms)[-limit:].tolist()
    return [
        [
            str(int(row[0])),
            *(swap.price(price) for price in row[1:5]),
            swap.contracts(row[5]),
            swap.amount(row[5]),
            trimmed(row[6], 4),
            "1" if row[0] + step <= now_ms else "0",
        ]
        for row in reversed(rows)
    ]


def order_book(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the order book."""
    swap, levels = swap_of(market, query, now_ms), int(query.get("sz") or 1)
    if not 1 <= levels <= 400:
        raise error("51000", "Parameter sz error", status=400)
    bids, asks = (
        [[swap.price(price), swap.contracts(size), "0", "1"] for price, size in side]
        for side in market.book(swap.listing.base, now_ms, levels)
    )
    return [{"asks": asks, "bids": bids, "ts": str(now_ms), "seqId": now_ms}]


def trades(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return the newest trades."""
    swap = swap_of(market, query, now_ms)
    return [
        {
            "instId": swap.id,
            "side": "buy" if bought else "sell",
            "sz": swap.contracts(size),
            "px": swap.price(price),
            "tradeId": str(number),
            "ts": str(time_ms),
        }
        for number, time_ms, price, size, bought in reversed(
            market.trades(swap.listing.base, now_ms, limit_of(query, 100, 500))
        )
    ]


def funding_history(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    """Return settled funding rates."""
    swap = swap_of(market, query, now_ms)
    before, after = int(query.get("before") or 0), int(query.get("after") or now_ms + 1)
    return [
        {
            "formulaType": "withRate",
            "fundingRate": trimmed(rate, 12),
            "fundingTime": str(time_ms),
            "instId": swap.id,
            "instType": "SWAP",
            "method": "current_period",
            "realizedRate": trimmed(rate, 12),
        }
        for time_ms, rate in reversed(market.funding(swap.listing.base, now_ms, limit_of(query, 400, 400)))
        if before < time_ms < after
    ]


def open_interest_history(market: SimulatedMarket, query: Query, now_ms: int) -> list[list[str]]:
    """Return open interest over time. Its value in USD uses the current price."""
    swap = swap_of(market, query, now_ms)
    price = market.quote(swap.listing.base, now_ms).last
    return [
        [str(time_ms), swap.contracts(units), swap.amount(units), trimmed(units * price, 4)]
        for time_ms, units in _statistic(market.open_interest, swap, query, now_ms)
    ]


def account_ratio(market: SimulatedMarket, query: Query, now_ms: int) -> list[list[str]]:
    """Return the ratio of long to short accounts over time."""
    swap = swap_of(market, query, now_ms)
    rows = _statistic(market.long_short, swap, query, now_ms)
    return [[str(time_ms), trimmed(share / (1 - share), 12)] for time_ms, share in rows]


def _statistic(
    series: Callable[[str, int, int, int], Sequence[tuple[int, float]]], swap: Swap, query: Query, now_ms: int
) -> Iterator[tuple[int, float]]:
    """Return the rows of a statistic between `begin` and `end`, newest first. Both ends are exclusive."""
    step = PERIODS_MS.get(query.get("period") or "5m")
    if step is None:
        raise error("51000", "Parameter period error", status=400)
    begin, end = int(query.get("begin") or 0), int(query.get("end") or now_ms + 1)
    newest_first = reversed(series(swap.listing.base, step, min(end - 1, now_ms), limit_of(query, 100, 100)))
    return ((time_ms, value) for time_ms, value in newest_first if time_ms > begin)
