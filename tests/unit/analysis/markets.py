"""Generated markets: hypothesis strategies for all inputs of one symbol, and transformations of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from hypothesis import strategies as st

from virtuoso.domain.model import (
    BookFlow,
    Candles,
    Liquidations,
    OrderBook,
    Stamp,
    SymbolInputs,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Millis

T = TypeVar("T")

NOW_MS = 1_760_000_400_000
STAMP = Stamp(observed_ms=NOW_MS - 1_000, received_ms=NOW_MS - 900)
USUAL = ("walk", "jumps", "trend", "thin_book", "young", "sparse")
NASTY = (
    "flat",
    "silent",
    "one_trade",
    "one_level",
    "huge_gap",
    "newborn",
    "eight_decimals",
    "half_flat",
    "single_bar",
    "pinned",
)


@dataclass(frozen=True)
class Shape:
    """The properties of a generated market."""

    kind: str
    seed: int
    price: float


def shapes(kinds: tuple[str, ...] = USUAL + NASTY) -> st.SearchStrategy[Shape]:
    """Return a strategy for markets of these kinds, with prices from a hundred-thousandth of a dollar to a hundred
    thousand."""
    return st.builds(
        Shape, st.sampled_from(kinds), st.integers(0, 2**32 - 1), st.sampled_from((1.3e-5, 0.0713, 1.0, 27.1, 113_207.0))
    )


def bars(shape: Shape, timeframe: Timeframe, *, more: int = 0) -> Candles:
    """Return closed bars of a shape. The last one closes within one bar of NOW_MS. `more` adds bars that close later."""
    rng = np.random.default_rng([shape.seed, timeframe.ms])
    usual = {"young": 90, "newborn": 17, "single_bar": 1}.get(shape.kind, 400)
    count = 400 + 60
    scale = 0.001 * (timeframe.ms / 60_000) ** 0.4
    steps = rng.standard_t(4, count) * scale
    if shape.kind == "trend":
        steps += scale * 0.5
    if shape.kind == "jumps":
        steps += np.where(rng.random(count) < 0.02, rng.normal(0, 0.15, count), 0.0)
    if shape.kind == "huge_gap":
        steps[rng.integers(100, 395)] += rng.choice((-3.0, 3.0))
    if shape.kind == "flat":
        steps[:] = 0
    if shape.kind == "half_flat":
        steps[330:] = 0
    close = shape.price * np.exp(np.cumsum(steps))
    opened = np.concatenate((close[:1], close[:-1])) * np.exp(rng.normal(0, scale / 5, count) * (steps != 0))
    wick = np.abs(rng.normal(0, scale, (2, count))) * (steps != 0)
    high, low = np.maximum(opened, close) * np.exp(wick[0]), np.minimum(opened, close) * np.exp(-wick[1])
    volume = rng.lognormal(3, 1, count)
    if shape.kind == "silent":
        volume[:] = 0
    if shape.kind in {"sparse", "pinned"}:
        volume[rng.random(count) < 0.6] = 0
    if shape.kind == "one_trade":
        volume = np.where(np.arange(count) == 390, volume, 0.0)
    prices = np.array((opened, high, low, close))
    if shape.kind == "eight_decimals":
        prices = np.maximum(np.round(prices / shape.price * 40), 1) * 1e-8
    last_open = (NOW_MS // timeframe.ms - 1) * timeframe.ms
    span = slice(400 - usual, 400 + more)
    times = (last_open + (np.arange(count) - 399) * timeframe.ms).astype(np.int64)[span]
    o, h, l_, c = (np.ascontiguousarray(p[span]) for p in prices)
    bought = volume * rng.uniform(0, 1, count) if shape.seed % 2 == 0 else None  # half of the venues state it
    return Candles(
        symbol="XUSDT",
        timeframe=timeframe,
        taker_buy=None if bought is None else bought[span].copy(),
        open_ms=times,
        open=o,
        high=h,
        low=l_,
        close=c,
        volume=volume[span].copy(),
        stamp=STAMP,
    )


def _book(shape: Shape, rng: np.random.Generator, mid: float, at_ms: int) -> OrderBook:
    levels = {"one_level": (1, 1), "thin_book": (3, 60), "newborn": (2, 5)}.get(shape.kind, (60, 80))
    half = mid * rng.uniform(2e-5, 3e-3)
    sides = []
    for sign, count in zip((-1, 1), levels, strict=True):
        distance = half + np.concatenate(([0.0], np.cumsum(rng.exponential(mid * 2e-4, count - 1) + mid * 1e-6)))
        price = mid * np.exp(sign * distance / mid)
        sides.append(np.stack((price, rng.lognormal(1, 1, count)), axis=1))
    return OrderBook(symbol="XUSDT", bids=sides[0], asks=sides[1], stamp=Stamp(observed_ms=at_ms, received_ms=at_ms + 50))


def _books(shape: Shape, rng: np.random.Generator, mid: float) -> tuple[OrderBook, ...]:
    """Return samples of the order book, 1 to 12 s apart. The newest one is the book of `inputs`."""
    ages = np.cumsum(rng.integers(1_000, 12_000, 8))[::-1]
    drifts = np.exp(rng.normal(0, 1e-4, len(ages)))
    older = [_book(shape, rng, mid * drift, NOW_MS - 1_500 - int(age)) for age, drift in zip(ages, drifts, strict=True)]
    return (*older, _book(shape, rng, mid, NOW_MS - 1_500))


def _book_flow(shape: Shape, rng: np.random.Generator) -> BookFlow:
    end_ms = NOW_MS - 1_500
    count = {"silent": 3, "sparse": 9, "one_trade": 1}.get(shape.kind, 55)
    return BookFlow(
        symbol="XUSDT",
        time_ms=(end_ms - 1_000 * np.sort(rng.choice(59, count, replace=False))[::-1]).astype(np.int64),
        flow=rng.normal(rng.normal(0, 1), 3, count),
        depth=rng.lognormal(1, 0.5, count),
        stamp=Stamp(observed_ms=end_ms, received_ms=end_ms + 50),
        complete_since_ms=end_ms - 300_000,
    )


def _liquidations(shape: Shape, rng: np.random.Generator, mid: float) -> Liquidations:
    count = {"silent": 1, "sparse": 2, "newborn": 1}.get(shape.kind, 60)
    side = np.where(rng.random(count) < rng.uniform(0.1, 0.9), 1.0, -1.0)
    return Liquidations(
        symbol="XUSDT",
        time_ms=np.sort(NOW_MS - 1_200 - rng.integers(0, 3_000_000, count)).astype(np.int64),
        price=mid * np.exp(rng.normal(0, 1e-3, count)),
        size=rng.lognormal(1, 1.5, count),
        side=side,
        stamp=STAMP,
        complete_since_ms=NOW_MS - 86_400_000,
    )


def _trades(shape: Shape, rng: np.random.Generator, mid: float) -> Trades:
    count = {"one_trade": 1, "silent": 5, "sparse": 40}.get(shape.kind, 400)
    times = np.sort(NOW_MS - 500 - rng.integers(0, 300_000, count))
    side = np.where(rng.random(count) < rng.uniform(0.2, 0.8), 1.0, -1.0)
    size = np.full(count, 2.5) if shape.kind == "pinned" else rng.lognormal(0, 1.5, count)
    price = mid * np.exp(rng.normal(0, 1e-4, count))
    return Trades(
        symbol="XUSDT",
        ids=[str(i) for i in range(count)],
        time_ms=times.astype(np.int64),
        price=price,
        size=size,
        side=side,
        stamp=STAMP,
        complete_since_ms=NOW_MS - 400_000,
    )


def _series(times: Millis, values: Floats) -> TimeSeries:
    return TimeSeries(symbol="XUSDT", time_ms=times.astype(np.int64), values=values, stamp=STAMP)


def inputs(shape: Shape, *, more: int = 0) -> SymbolInputs:
    """Return all inputs of a symbol of this shape."""
    rng = np.random.default_rng([shape.seed, 7])
    candles = {t: bars(shape, t, more=more) for t in Timeframe}
    mid = float(bars(shape, Timeframe.M1).close[-1])
    five = (NOW_MS // 300_000) * 300_000 - 300_000 * np.arange(99, -1, -1)
    eight = (NOW_MS // 28_800_000) * 28_800_000 - 28_800_000 * np.arange(59, -1, -1)
    still = 0.0 if shape.kind in {"flat", "pinned"} else 1.0
    rates = 1e-4 + still * rng.normal(0, 5e-5, 60)
    interest = 1e5 * np.exp(still * np.cumsum(rng.normal(0, 0.004, 100)))
    ratios = np.exp(0.3 + still * np.cumsum(rng.normal(0, 0.02, 100)))
    ticker = Ticker(
        symbol="XUSDT",
        last=mid,
        stamp=STAMP,
        change_24h_percent=float(rng.normal(0, 5)),
        turnover_24h=float(rng.lognormal(15, 2)),
        volume_24h=float(rng.lognormal(11, 1)),
        mark=mid * float(np.exp(rng.normal(0, 3e-4))),
        index=mid * float(np.exp(rng.normal(0, 3e-4))),
        funding_rate=float(rates[-1] + still * rng.normal(0, 5e-5)),
        funding_interval_ms=28_800_000,
    )
    books = _books(shape, rng, mid)
    return SymbolInputs(
        symbol="XUSDT",
        ticker=ticker,
        candles=candles,
        book=books[-1],
        books=books,
        book_flow=_book_flow(shape, rng),
        liquidations=_liquidations(shape, rng, mid),
        trades=_trades(shape, rng, mid),
        funding=_series(eight, rates),
        open_interest=_series(five, interest),
        long_short=_series(five, ratios),
    )


def mirrored(market: SymbolInputs) -> SymbolInputs:
    """Return the reflected market: price p becomes 1/p, bids become asks, buys become sells, and longs become shorts."""
    assert market.ticker is not None
    assert market.book is not None
    assert market.trades is not None
    assert market.funding is not None
    assert market.long_short is not None
    t = market.ticker
    assert t.mark is not None
    assert t.index is not None
    assert t.funding_rate is not None
    assert t.change_24h_percent is not None
    flow, closed = market.book_flow, market.liquidations
    return replace(
        market,
        ticker=replace(
            t,
            last=1 / t.last,
            mark=1 / t.mark,
            index=1 / t.index,
            funding_rate=-t.funding_rate,
            change_24h_percent=100 / (1 + t.change_24h_percent / 100) - 100,
        ),
        candles={
            k: replace(
                c,
                open=1 / c.open,
                high=1 / c.low,
                low=1 / c.high,
                close=1 / c.close,
                taker_buy=None if c.taker_buy is None else c.volume - c.taker_buy,
            )
            for k, c in market.candles.items()
        },
        book=_mirrored_book(market.book),
        books=tuple(map(_mirrored_book, market.books)),
        book_flow=flow and replace(flow, flow=-flow.flow),
        liquidations=closed and replace(closed, price=1 / closed.price, side=-closed.side),
        trades=replace(market.trades, price=1 / market.trades.price, side=-market.trades.side),
        funding=replace(market.funding, values=-market.funding.values),
        long_short=replace(market.long_short, values=1 / market.long_short.values),
    )


def _mirrored_book(book: OrderBook) -> OrderBook:
    bids, asks = (np.stack((1 / side[:, 0], side[:, 1]), axis=1) for side in (book.asks, book.bids))
    return replace(book, bids=bids, asks=asks)


def scaled(market: SymbolInputs, prices: float = 1.0, volumes: float = 1.0) -> SymbolInputs:
    """Return the market with all prices times one factor, and all volumes, sizes and open interest times another."""
    assert market.ticker is not None
    assert market.book is not None
    assert market.trades is not None
    assert market.open_interest is not None
    t, by = market.ticker, np.array((prices, volumes))
    assert t.mark is not None
    assert t.index is not None
    flow, closed = market.book_flow, market.liquidations
    return replace(
        market,
        ticker=replace(
            t,
            last=t.last * prices,
            mark=t.mark * prices,
            index=t.index * prices,
            volume_24h=None if t.volume_24h is None else t.volume_24h * volumes,
        ),
        candles={
            k: replace(
                c,
                open=c.open * prices,
                high=c.high * prices,
                low=c.low * prices,
                close=c.close * prices,
                volume=c.volume * volumes,
                taker_buy=None if c.taker_buy is None else c.taker_buy * volumes,
            )
            for k, c in market.candles.items()
        },
        book=replace(market.book, bids=market.book.bids * by, asks=market.book.asks * by),
        books=tuple(replace(book, bids=book.bids * by, asks=book.asks * by) for book in market.books),
        book_flow=flow and replace(flow, flow=flow.flow * volumes, depth=flow.depth * volumes),
        liquidations=closed and replace(closed, price=closed.price * prices, size=closed.size * volumes),
        trades=replace(market.trades, price=market.trades.price * prices, size=market.trades.size * volumes),
        open_interest=replace(market.open_interest, values=market.open_interest.values * volumes),
    )


INPUTS = (
    "ticker",
    "candles_1m",
    "candles_5m",
    "candles_30m",
    "candles_4h",
    "order_book",
    "book_flow",
    "trades",
    "funding_history",
    "open_interest",
    "long_short",
    "liquidations",
    "mark_price",
    "index_price",
    "funding_rate",
)


def starved(market: SymbolInputs, name: str) -> SymbolInputs:
    """Return the market without one input."""
    if name.startswith("candles_"):
        return replace(market, candles={t: c for t, c in market.candles.items() if t.value != name[8:]})
    if name in {"mark_price", "index_price", "funding_rate"}:
        return replace(
            market, ticker=changed(market.ticker, {"mark_price": "mark", "index_price": "index"}.get(name, name), None)
        )
    if name == "order_book":
        return replace(market, book=None, books=())
    field = {"funding_history": "funding"}.get(name, name)
    return changed(market, field, None)


def changed(record: T, field: str, value: object) -> T:
    """Return the record with another value in the field of this name."""
    result: T = replace(record, **{field: value})  # type: ignore[type-var]  # any of the model's dataclasses
    return result
