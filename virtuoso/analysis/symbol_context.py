"""What is known of a symbol at one moment, prepared once for the gauges that read it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.components import Absent, freshness, plenty
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import SymbolInputs, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.bars import Bars
    from virtuoso.domain.model import Floats, OrderBook, TimeSeries

MOVES_MS = 4 * 3_600_000
MIN_STEPS = 6


def stamps(inputs: SymbolInputs) -> Mapping[ScoreInput, int]:
    """The inputs that are there, by the names that clients see, with the exchange's clock of each."""
    records = (
        (ScoreInput.ORDER_BOOK, inputs.book),
        (ScoreInput.PREVIOUS_ORDER_BOOK, inputs.previous_book),
        (ScoreInput.TRADES, inputs.trades),
        (ScoreInput.FUNDING_HISTORY, inputs.funding),
        (ScoreInput.OPEN_INTEREST, inputs.open_interest),
        (ScoreInput.LONG_SHORT, inputs.long_short),
    )
    there = {name: record.stamp.observed_ms for name, record in records if record is not None}
    for timeframe, candles in inputs.candles.items():
        if len(candles):
            there[ScoreInput.candles(timeframe)] = candles.stamp.observed_ms
    ticker = inputs.ticker
    if ticker is not None:
        there[ScoreInput.TICKER] = ticker.stamp.observed_ms
        for name, value in (
            (ScoreInput.MARK_PRICE, ticker.mark),
            (ScoreInput.INDEX_PRICE, ticker.index),
            (ScoreInput.FUNDING_RATE, ticker.funding_rate),
        ):
            if value is not None:
                there[name] = ticker.stamp.observed_ms
    return there


class Moves(NamedTuple):
    """How price and open interest moved over the same hours, in standard deviations of their own such moves."""

    price: float
    open_interest: float
    confidence: float


class BookSide(NamedTuple):
    """One side of a book: log distance of its levels from the geometric mid, rising, and their sizes."""

    distance: Floats
    size: Floats


class SymbolContext:
    """One symbol's inputs at `now_ms`. A property raises Absent when there is nothing to read."""

    def __init__(self, inputs: SymbolInputs, now_ms: int, bars: Mapping[Timeframe, Bars]) -> None:
        self.inputs = inputs
        self.now_ms = now_ms
        self.bars = bars

    # ------------------------------------------------------------------------------------------------------- trades

    @cached_property
    def signed_sizes(self) -> Floats:
        """Sizes of the trades, buys above 0 and sells below, oldest first. Absent with fewer than 20."""
        trades = self.inputs.trades
        if trades is None or len(trades.size) < 20:
            raise Absent(f"needs 20 trades, has {0 if trades is None else len(trades.size)}")
        signed: Floats = trades.side * trades.size
        return signed

    @cached_property
    def sizes(self) -> Floats:
        """Sizes of the trades, unsigned."""
        return np.abs(self.signed_sizes)

    @cached_property
    def trades_confidence(self) -> float:
        """By their number (one half at 100) and the age of the newest (falls from 1 minute to 20)."""
        trades = self.inputs.trades
        if trades is None or not len(trades.time_ms):
            return 0.0
        age = self.now_ms - int(trades.time_ms[-1])
        return plenty(len(trades.time_ms), 100) * freshness(age, 60_000, 1_200_000)

    # --------------------------------------------------------------------------------------------------------- book

    @cached_property
    def sides(self) -> tuple[Floats, Floats]:
        """Bids and asks, checked: arrays of shape (n, 2)."""
        if self.inputs.book is None:
            raise Absent("no order book")
        return checked(self.inputs.book)

    @cached_property
    def ladders(self) -> tuple[BookSide, BookSide]:
        """Bids and asks by their distance."""
        bids, asks = self.sides
        bid_logs, ask_logs = np.log(bids[:, 0]), np.log(asks[:, 0])
        mid = (bid_logs[0] + ask_logs[0]) / 2
        return BookSide(mid - bid_logs, bids[:, 1]), BookSide(ask_logs - mid, asks[:, 1])

    @cached_property
    def half_spread(self) -> float:
        """Log distance of the best levels from the mid. Above 0."""
        return float(self.ladders[0].distance[0])

    @cached_property
    def reach(self) -> float:
        """Log distance of the last level of the side that ends first: what both sides can be compared within."""
        return min(float(side.distance[-1]) for side in self.ladders)

    @cached_property
    def book_confidence(self) -> float:
        """By the age of the book (falls from 15 s to 3 minutes), its spread (one half at 50 bp) and its levels."""
        book = self.inputs.book
        if book is None:
            return 0.0
        fresh = freshness(self.now_ms - book.stamp.observed_ms, 15_000, 180_000)
        return fresh / (1 + 2 * self.half_spread / 0.005) * plenty(min(len(book.bids), len(book.asks)), 5)

    # ------------------------------------------------------------------------------------- open interest and price

    @cached_property
    def moves(self) -> Moves:
        """Over the newest 4 hours of open interest (at least 6 steps), price from the 5m bars that had closed by then."""
        interest, bars = self.inputs.open_interest, self.bars.get(Timeframe.M5)
        if interest is None or bars is None:
            raise Absent("needs open interest and 5m candles")
        count = len(interest.values)
        if count <= MIN_STEPS:
            raise Absent(f"needs {MIN_STEPS + 1} values of open interest, has {count}")
        logs = np.log(interest.values)
        begin = min(int(np.searchsorted(interest.time_ms, interest.time_ms[-1] - MOVES_MS)), count - 1 - MIN_STEPS)
        closes = bars.open_ms + bars.timeframe.ms
        first, last = (int(i) - 1 for i in np.searchsorted(closes, interest.time_ms[[begin, -1]], side="right"))
        if first < 0 or last <= first:
            raise Absent("5m candles do not reach over the hours of open interest")
        steps, returns = logs[1:] - logs[:-1], bars.close[1:] - bars.close[:-1]
        price = _in_deviations(bars.close[last] - bars.close[first], returns, last - first, "price")
        moved = _in_deviations(logs[-1] - logs[begin], steps, count - 1 - begin, "open interest")
        fresh = freshness(self.now_ms - int(interest.time_ms[-1]), 900_000, 7_200_000)
        return Moves(price, moved, fresh * plenty(count, 12))

    def standing(
        self, series: TimeSeries | None, values: Floats, newest: float, floor: float, need: int
    ) -> tuple[float, float]:
        """(z-score of `newest` against `values`, confidence by their number). `floor` is added to their deviation in
        squares, so that a rate that was pinned for weeks does not make a hair's breadth a record."""
        if series is None or len(values) < need:
            raise Absent(f"needs {need} values of its own history, has {len(values)}")
        mean = float(values.sum()) / len(values)
        away = values - mean
        deviation = math.sqrt(float(away @ away) / len(values) + floor * floor)
        return (newest - mean) / deviation, plenty(len(values), need)


def checked(book: OrderBook) -> tuple[Floats, Floats]:
    """Bids and asks of a book that can be read. ValueError when it is empty or crossed, or a price or size is impossible."""
    bids, asks = book.bids, book.asks
    if not len(bids) or not len(asks):
        raise ValueError("a side of the book is empty")
    if not bids[0, 0] < asks[0, 0]:
        raise ValueError("the book is crossed")
    for side in (bids, asks):
        if not (np.isfinite(side).all() and side.min() >= 0 and side[:, 0].min() > 0):
            raise ValueError("the book holds a price or size that is not a positive number")
    return bids, asks


def _in_deviations(move: float, steps: Floats, count: int, what: str) -> float:
    """A move over `count` steps in root mean squares of such moves. Absent when nothing moves."""
    usual = math.sqrt(float(steps @ steps) / len(steps) * count)
    if usual < 1e-9:
        raise Absent(f"the {what} did not move")
    return float(move) / usual
