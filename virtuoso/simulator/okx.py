"""OKX v5, public endpoints, USDT-margined perpetual swaps; one swap that is settled in coins, which is not ours, as well.

OKX counts sizes in contracts of `ctVal` coins, lists every asset by the coin (PEPE, not 1000PEPE), and lists rows newest
first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from virtuoso.simulator.market import Listing, Quote, SimulatedMarket
from virtuoso.simulator.wires import Refusal, Unknown, count, text

PREFIXES = ("/api/v5/",)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BARS_MS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1H": HOUR_MS,
    "2H": 2 * HOUR_MS,
    "4H": 4 * HOUR_MS,
    "6Hutc": 6 * HOUR_MS,  # from here on days begin at 00:00 UTC only where the name says so
    "12Hutc": 12 * HOUR_MS,
    "1Dutc": DAY_MS,
}
PERIODS_MS = {"5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1H": HOUR_MS, "2H": 2 * HOUR_MS, "4H": 4 * HOUR_MS}
FUNDING_MS = 8 * HOUR_MS
LOTS = 100  # the smallest order is a hundredth of a contract
INVERSE = "BTC-USD-SWAP"

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Swap:
    """A listing in OKX's terms: prices in USDT a coin, sizes in contracts."""

    listing: Listing

    @property
    def id(self) -> str:
        """As OKX names it."""
        return f"{self.listing.base}-USDT-SWAP"

    @property
    def coins(self) -> float:
        """Coins in a contract."""
        return self.listing.lot * LOTS * self.listing.multiplier

    @property
    def digits(self) -> int:
        """Decimals of a price."""
        return self.listing.price_digits + len(str(self.listing.multiplier)) - 1

    def price(self, value: float) -> str:
        """USDT a coin from USDT a unit."""
        return _trimmed(value / self.listing.multiplier, self.digits)

    def contracts(self, units: float) -> str:
        """Contracts from units."""
        return _trimmed(units / (self.listing.lot * LOTS), 2)

    def amount(self, units: float) -> str:
        """Coins from units."""
        return _trimmed(units * self.listing.multiplier, 4)


def answer(market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
    """The body of a good reply; Unknown for what OKX would refuse."""
    endpoint = _ENDPOINTS.get(path.removeprefix("/api/v5/"))
    if endpoint is None:
        raise _error("404", "Not Found", status=404)
    try:
        return {"code": "0", "msg": "", "data": endpoint(market, query, now_ms)}
    except ValueError as failure:
        raise _error("51000", f"Parameter error: {failure}", status=400) from failure


def refusal(kind: str, now_ms: int) -> Refusal:  # noqa: ARG001 - OKX says neither for how long nor whether it is a ban
    """Too many requests."""
    return 429, {"code": "50011", "data": [], "msg": "Too Many Requests"}, {}


# ------------------------------------------------------------------------------------------------------- whole market


def _instruments(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    if _kind(query) != "SWAP":
        return []
    rows: list[object] = []
    for swap in _swaps(market, now_ms):
        base, tick = swap.listing.base, _trimmed(swap.listing.tick / swap.listing.multiplier, swap.digits)
        contract = {"ctType": "linear", "ctVal": _trimmed(swap.coins, 8), "ctValCcy": base, "settleCcy": "USDT"}
        rows.append(_instrument(swap.id, f"{base}-USDT", tick, swap.listing.launched_ms) | contract)
    inverse = {"ctType": "inverse", "ctVal": "100", "ctValCcy": "USD", "settleCcy": "BTC"}
    rows.append(_instrument(INVERSE, "BTC-USD", "0.1", market.listing("BTC").launched_ms) | inverse)
    return _asked(query, rows, "instId")


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


def _tickers(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    if _kind(query) != "SWAP":
        return []
    rows = [_ticker(Swap(market.listing(base)), quote, now_ms) for base, quote in market.quotes(now_ms).items()]
    btc, quote = Swap(market.listing("BTC")), market.quote("BTC", now_ms)
    volume = {"vol24h": _trimmed(quote.turnover_24h / 10_000, 0), "volCcy24h": btc.amount(quote.volume_24h / 100)}
    return [*rows, _ticker(btc, quote, now_ms) | {"instId": INVERSE} | volume]


def _ticker(swap: Swap, quote: Quote, now_ms: int) -> dict[str, object]:
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


def _ticker_of_one(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    swap = _swap(market, query, now_ms)
    return [_ticker(swap, market.quote(swap.listing.base, now_ms), now_ms)]


def _mark_prices(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    rows = [
        {"instType": "SWAP", "instId": swap.id, "markPx": swap.price(quote.mark), "ts": str(now_ms)}
        for swap, quote in _quoted(market, now_ms)
    ]
    return _asked(query, rows, "instId")


def _index_tickers(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
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
        for swap, quote in _quoted(market, now_ms)
    ]
    return _asked(query, rows, "instId")


def _open_interests(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    rows = [
        {
            "instType": "SWAP",
            "instId": swap.id,
            "oi": swap.contracts(quote.open_interest),
            "oiCcy": swap.amount(quote.open_interest),
            "oiUsd": _trimmed(quote.open_interest * quote.last, 4),
            "ts": str(now_ms),
        }
        for swap, quote in _quoted(market, now_ms)
    ]
    return _asked(query, rows, "instId")


def _funding_rates(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    rows = [
        {
            "formulaType": "withRate",
            "fundingRate": _trimmed(quote.funding_rate, 12),
            "fundingTime": str(quote.next_funding_ms),
            "instId": swap.id,
            "instType": "SWAP",
            "maxFundingRate": "0.00375",
            "method": "current_period",
            "minFundingRate": "-0.00375",
            "nextFundingRate": "",
            "nextFundingTime": str(quote.next_funding_ms + FUNDING_MS),
            "premium": _trimmed(quote.mark / quote.index - 1, 12),
            "ts": str(now_ms),
        }
        for swap, quote in _quoted(market, now_ms)
    ]
    return list(rows) if query.get("instId") == "ANY" else _asked(query, rows, "instId")


# ---------------------------------------------------------------------------------------------------------- one symbol


def _candles(market: SimulatedMarket, query: Query, now_ms: int) -> list[list[str]]:
    swap, limit = _swap(market, query, now_ms), count(query, 100, 300)
    step = BARS_MS.get(query.get("bar") or "1m")
    if step is None:
        raise _error("51000", "Parameter bar error", status=400)
    before, after = int(query.get("before") or 0), int(query.get("after") or now_ms + 1)  # neither is included
    end = min(after - 1, now_ms)
    start = max(before + 1, end - limit * step)
    rows = market.candles(swap.listing.base, step, start, end, now_ms)[-limit:].tolist()
    return [
        [
            str(int(row[0])),
            *(swap.price(price) for price in row[1:5]),
            swap.contracts(row[5]),
            swap.amount(row[5]),
            _trimmed(row[6], 4),
            "1" if row[0] + step <= now_ms else "0",
        ]
        for row in reversed(rows)
    ]


def _book(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    swap, levels = _swap(market, query, now_ms), int(query.get("sz") or 1)
    if not 1 <= levels <= 400:
        raise _error("51000", "Parameter sz error", status=400)
    bids, asks = (
        [[swap.price(price), swap.contracts(size), "0", "1"] for price, size in side]
        for side in market.book(swap.listing.base, now_ms, levels)
    )
    return [{"asks": asks, "bids": bids, "ts": str(now_ms), "seqId": now_ms}]


def _trades(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    swap = _swap(market, query, now_ms)
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
            market.trades(swap.listing.base, now_ms, count(query, 100, 500))
        )
    ]


def _funding_history(market: SimulatedMarket, query: Query, now_ms: int) -> list[object]:
    swap = _swap(market, query, now_ms)
    before, after = int(query.get("before") or 0), int(query.get("after") or now_ms + 1)
    return [
        {
            "formulaType": "withRate",
            "fundingRate": _trimmed(rate, 12),
            "fundingTime": str(time_ms),
            "instId": swap.id,
            "instType": "SWAP",
            "method": "current_period",
            "realizedRate": _trimmed(rate, 12),
        }
        for time_ms, rate in reversed(market.funding(swap.listing.base, now_ms, count(query, 400, 400)))
        if before < time_ms < after
    ]


def _open_interest_history(market: SimulatedMarket, query: Query, now_ms: int) -> list[list[str]]:
    swap = _swap(market, query, now_ms)
    price = market.quote(swap.listing.base, now_ms).last  # its worth in USD is told at today's price
    return [
        [str(time_ms), swap.contracts(units), swap.amount(units), _trimmed(units * price, 4)]
        for time_ms, units in _window(market.open_interest, swap, query, now_ms)
    ]


def _account_ratio(market: SimulatedMarket, query: Query, now_ms: int) -> list[list[str]]:
    swap = _swap(market, query, now_ms)
    rows = _window(market.long_short, swap, query, now_ms)
    return [[str(time_ms), _trimmed(share / (1 - share), 12)] for time_ms, share in rows]


def _window(
    series: Callable[[str, int, int, int], Sequence[tuple[int, float]]], swap: Swap, query: Query, now_ms: int
) -> Iterator[tuple[int, float]]:
    """The rows of a statistic between `begin` and `end`, newest first."""
    step = PERIODS_MS.get(query.get("period") or "5m")
    if step is None:
        raise _error("51000", "Parameter period error", status=400)
    begin, end = int(query.get("begin") or 0), int(query.get("end") or now_ms + 1)  # neither is included
    newest_first = reversed(series(swap.listing.base, step, min(end - 1, now_ms), count(query, 100, 100)))
    return ((time_ms, value) for time_ms, value in newest_first if time_ms > begin)


# --------------------------------------------------------------------------------------------------------------- parts


def _swaps(market: SimulatedMarket, now_ms: int) -> Iterator[Swap]:
    return (Swap(listing) for listing in market.listings if listing.launched_ms <= now_ms)


def _quoted(market: SimulatedMarket, now_ms: int) -> Iterator[tuple[Swap, Quote]]:
    return ((Swap(market.listing(base)), quote) for base, quote in market.quotes(now_ms).items())


def _swap(market: SimulatedMarket, query: Query, now_ms: int) -> Swap:
    asked = query.get("instId", "")
    if not asked:
        raise _error("50014", "Parameter instId can not be empty.", status=400)
    for swap in _swaps(market, now_ms):
        if swap.id == asked:
            return swap
    raise _error("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")


def _asked(query: Query, rows: Sequence[object], name: str) -> list[object]:
    """The rows of the `instId` asked for, all without one."""
    asked = query.get("instId")
    found = [row for row in rows if not asked or (isinstance(row, dict) and row[name] == asked)]
    if asked and not found:
        raise _error("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    return found


def _kind(query: Query) -> str:
    kind = query.get("instType", "")
    if kind not in ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"):
        raise _error("51000", "Parameter instType error", status=400)
    return kind


def _trimmed(value: float, digits: int) -> str:
    """OKX writes no zeros at the end."""
    written = text(value, digits)
    return written.rstrip("0").rstrip(".") if digits else written


def _error(code: str, message: str, *, status: int = 200) -> Unknown:
    return Unknown(status, {"code": code, "data": [], "msg": message})


_ENDPOINTS: Mapping[str, Callable[[SimulatedMarket, Query, int], Sequence[object]]] = {
    "public/time": lambda _, __, now_ms: [{"ts": str(now_ms)}],
    "public/instruments": _instruments,
    "public/funding-rate": _funding_rates,
    "public/funding-rate-history": _funding_history,
    "public/mark-price": _mark_prices,
    "public/open-interest": _open_interests,
    "market/tickers": _tickers,
    "market/ticker": _ticker_of_one,
    "market/index-tickers": _index_tickers,
    "market/candles": _candles,
    "market/history-candles": _candles,
    "market/books": _book,
    "market/trades": _trades,
    "market/history-trades": _trades,
    "rubik/stat/contracts/open-interest-history": _open_interest_history,
    "rubik/stat/contracts/long-short-account-ratio-contract": _account_ratio,
}
