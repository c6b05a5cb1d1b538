"""The simulated market at a fixed time, as a venue would report it, and its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import (
    BookFlow,
    Candles,
    Confluence,
    Dimension,
    DimensionKind,
    Liquidations,
    OrderBook,
    Stamp,
    SymbolInputs,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)
from virtuoso.simulator.market import FUNDING_MS, SimulatedMarket

T = TypeVar("T")

NOW_MS = 1_772_721_420_000
LOSING_SIGNAL_MS = 1_772_732_220_000  # a signal that opens here reaches its stop
BASES = ("UNI", "WLD", "APT", "BTC", "SOL", "DOGE", "ENA", "WIF")
MARKET = SimulatedMarket(7, now_ms=NOW_MS)


def candles(base: str, timeframe: Timeframe, start_ms: int, now_ms: int) -> Candles:
    """Return the closed bars from `start_ms` on."""
    rows = MARKET.candles(base, timeframe.ms, start_ms, now_ms, now_ms)
    rows = rows[rows[:, 0] + timeframe.ms <= now_ms]
    o, h, low, c, volume = (np.ascontiguousarray(rows[:, column]) for column in range(1, 6))
    times = rows[:, 0].astype(np.int64)
    return Candles(
        symbol=f"{base}USDT",
        timeframe=timeframe,
        open_ms=times,
        open=o,
        high=h,
        low=low,
        close=c,
        volume=volume,
        stamp=Stamp(observed_ms=now_ms, received_ms=now_ms),
    )


def book(base: str, at_ms: int) -> OrderBook:
    """Return the order book at a time."""
    bids, asks = (np.array(side) for side in MARKET.book(base, at_ms, 200))
    return OrderBook(symbol=f"{base}USDT", bids=bids, asks=asks, stamp=Stamp(observed_ms=at_ms, received_ms=at_ms))


def book_flow(books: Sequence[OrderBook]) -> BookFlow:
    """Return the changes of the best levels from each order book to the next."""
    (bid, bid_size), (ask, ask_size) = (np.array([getattr(one, side)[0] for one in books]).T for side in ("bids", "asks"))
    bids = np.where(bid[1:] >= bid[:-1], bid_size[1:], 0) - np.where(bid[1:] <= bid[:-1], bid_size[:-1], 0)
    asks = np.where(ask[1:] <= ask[:-1], ask_size[1:], 0) - np.where(ask[1:] >= ask[:-1], ask_size[:-1], 0)
    return BookFlow(
        symbol=books[0].symbol,
        time_ms=np.array([one.stamp.observed_ms for one in books[1:]]),
        flow=bids - asks,
        depth=((bid_size + ask_size) / 2)[1:],
        stamp=books[-1].stamp,
        complete_since_ms=books[0].stamp.observed_ms,
    )


def liquidations(base: str, now_ms: int) -> Liquidations:
    """Return the liquidations of a day."""
    known = MARKET.liquidations(base, now_ms - 86_400_000, now_ms)
    return Liquidations(
        symbol=f"{base}USDT",
        time_ms=np.array([one.time_ms for one in known], dtype=np.int64),
        price=np.array([one.average_price for one in known]),
        size=np.array([one.size for one in known]),
        side=np.array([-1.0 if one.long else 1.0 for one in known]),
        stamp=Stamp(observed_ms=now_ms, received_ms=now_ms),
        complete_since_ms=now_ms - 86_400_000,
    )


def inputs(base: str, now_ms: int = NOW_MS) -> SymbolInputs:
    """Return everything that a venue would report about a market at `now_ms`."""
    symbol, stamp, quote = f"{base}USDT", Stamp(observed_ms=now_ms, received_ms=now_ms), MARKET.quote(base, now_ms)

    books = tuple(book(base, now_ms - 500 - 1_000 * back) for back in range(60, -1, -1))

    def series(rows: list[tuple[int, float]]) -> TimeSeries:
        times, values = zip(*rows, strict=True)
        return TimeSeries(symbol=symbol, time_ms=np.array(times, dtype=np.int64), values=np.array(values), stamp=stamp)

    fills = [t for t in MARKET.trades(base, now_ms, 1000) if now_ms - t[1] < 600_000]
    ids, times, prices, sizes, bought = zip(*fills, strict=True)
    trades = Trades(
        symbol=symbol,
        ids=[str(i) for i in ids],
        time_ms=np.array(times, dtype=np.int64),
        price=np.array(prices),
        size=np.array(sizes),
        side=np.where(bought, 1.0, -1.0),
        stamp=stamp,
        complete_since_ms=now_ms - 600_000,
    )
    change = 100 * (quote.last / quote.open_24h - 1)
    ticker = Ticker(
        symbol=symbol,
        last=quote.last,
        stamp=stamp,
        change_24h_percent=change,
        turnover_24h=quote.turnover_24h,
        volume_24h=quote.volume_24h,
        mark=quote.mark,
        index=quote.index,
        funding_rate=quote.funding_rate,
        funding_interval_ms=FUNDING_MS,
    )
    shares = MARKET.long_short(base, 300_000, now_ms, 200)
    return SymbolInputs(
        symbol=symbol,
        ticker=ticker,
        candles={t: candles(base, t, now_ms - 400 * t.ms, now_ms) for t in Timeframe},
        book=books[-1],
        books=books,
        book_flow=book_flow(books),
        liquidations=liquidations(base, now_ms),
        trades=trades,
        funding=series(MARKET.funding(base, now_ms, 100)),
        open_interest=series(MARKET.open_interest(base, 300_000, now_ms, 200)),
        long_short=series([(t, share / (1 - share)) for t, share in shares]),
    )


def required(value: T | None) -> T:
    """Return a value that must exist. Raise LookupError for None."""
    if value is None:
        raise LookupError("the fixed market no longer has this value: choose another time")
    return value


INPUTS: Mapping[str, SymbolInputs] = {base: inputs(base) for base in BASES}
SCORES: Mapping[str, Confluence] = {base: score_symbol(one, NOW_MS) for base, one in INPUTS.items()}


def dimension(base: str, kind: DimensionKind) -> Dimension:
    """Return one dimension of a market."""
    return next(d for d in SCORES[base].dimensions if d.kind is kind)


def reading(base: str, kind: DimensionKind, name: str) -> tuple[float, float]:
    """Return (reading, direction) of a component."""
    component = next(c for c in dimension(base, kind).components if c.name == name)
    return required(component.reading), required(component.direction)
