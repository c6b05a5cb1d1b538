"""A market that stands still, second by second: its score stands almost still, too."""

from __future__ import annotations

import statistics
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from virtuoso.analysis.candle_readings import CandleReadingsCache
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import BookFlow, OrderBook, Stamp, SymbolInputs, Trades

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

SECONDS = 120
PRICE = 27.1
MOST_DEVIATION = 0.3  # points


class Activity(NamedTuple):
    """The activity of a market: trades in a second, changes of the best levels in a second, and the share of a level's size
    that changes in a second."""

    trades: float
    changes: int
    flicker: float


BUSY, USUAL, QUIET = Activity(30.0, 20, 0.5), Activity(2.0, 5, 0.4), Activity(0.25, 2, 0.3)


def flickering_books(rng: np.random.Generator, activity: Activity, start_ms: int, seconds: int) -> list[OrderBook]:
    """Return a book at each second. Prices are fixed. The size of each level moves around its mean."""
    steps = np.arange(50)
    prices = [PRICE * np.exp(sign * (1e-4 + 1e-4 * steps)) for sign in (-1, 1)]
    logs = rng.normal(0, 1, (2, 50))
    books = []
    for second in range(seconds):
        kept = 1 - activity.flicker
        logs = kept * logs + np.sqrt(1 - kept * kept) * rng.normal(0, 1, (2, 50))
        sizes = np.exp(logs)
        at = start_ms + 1_000 * second
        bids, asks = (np.stack((price, size), axis=1) for price, size in zip(prices, sizes, strict=True))
        books.append(OrderBook(symbol="XUSDT", bids=bids, asks=asks, stamp=Stamp(observed_ms=at, received_ms=at)))
    return books


def flows(rng: np.random.Generator, activity: Activity, books: list[OrderBook]) -> tuple[Floats, Floats]:
    """Return (flow, depth) of each second but the first. What is taken from a best level comes back a second later."""
    best = np.array([(book.bids[0, 1], book.asks[0, 1]) for book in books])
    change = np.diff(best[:, 0]) - np.diff(best[:, 1])
    tested = rng.normal(0, 0.3 * np.sqrt(activity.changes), len(change))
    return change + np.diff(np.concatenate(([0.0], tested))), best[1:].mean(axis=1)


def trades(rng: np.random.Generator, activity: Activity, start_ms: int, seconds: int) -> Trades:
    count = rng.poisson(activity.trades * seconds)
    times = np.sort(start_ms + rng.integers(0, 1_000 * seconds, count))
    return Trades(
        symbol="XUSDT",
        ids=(),
        time_ms=times.astype(np.int64),
        price=PRICE * np.exp(rng.normal(0, 1e-4, count)),
        size=rng.lognormal(0, 1.5, count),
        side=np.where(rng.random(count) < 0.5, 1.0, -1.0),
        stamp=Stamp(observed_ms=start_ms, received_ms=start_ms),
        complete_since_ms=start_ms,
    )


def scores(activity: Activity, seed: int, *, dimension: int | None = None) -> list[float]:
    """Return the score of each second of a market whose candles and series do not change."""
    rng = np.random.default_rng([seed, 99])
    base = markets.inputs(Shape("walk", seed, PRICE))
    start_ms, before = NOW_MS, 600
    whole = trades(rng, activity, start_ms - 1_000 * before, before + SECONDS)
    books = flickering_books(rng, activity, start_ms - 60_000, 60 + SECONDS)
    flow, depth = flows(rng, activity, books)
    times = np.array([book.stamp.observed_ms for book in books[1:]], dtype=np.int64)
    cache, found = CandleReadingsCache(), []
    for second in range(SECONDS):
        now = start_ms + 1_000 * second
        stamp, last = Stamp(observed_ms=now, received_ms=now), second + 61
        known = slice(0, int(np.searchsorted(whole.time_ms, now)))
        columns = {name: getattr(whole, name)[known] for name in ("time_ms", "price", "size", "side")}
        market = replace(
            base,
            ticker=base.ticker and replace(base.ticker, stamp=stamp),
            trades=replace(whole, stamp=stamp, **columns),
            book=books[last - 1],
            books=tuple(books[last - 60 : last]),
            book_flow=BookFlow(
                symbol="XUSDT",
                time_ms=times[last - 60 : last - 1],
                flow=flow[last - 60 : last - 1],
                depth=depth[last - 60 : last - 1],
                stamp=stamp,
                complete_since_ms=0,
            ),
        )
        found.append(_score(market, now, cache, dimension))
    return found


def _score(market: SymbolInputs, now_ms: int, cache: CandleReadingsCache, dimension: int | None) -> float:
    result = score_symbol(market, now_ms, cache=cache)
    score = result.score if dimension is None else result.dimensions[dimension].score
    assert score is not None
    return score


@pytest.mark.parametrize("activity", [BUSY, USUAL, QUIET], ids=["busy", "usual", "quiet"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_score_of_a_market_that_stands_still_moves_little_from_second_to_second(activity: Activity, seed: int) -> None:
    steps = [after - before for before, after in pairwise(scores(activity, seed))]
    assert statistics.pstdev(steps) < MOST_DEVIATION
