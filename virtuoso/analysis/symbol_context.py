"""One symbol's inputs at one time. Values that several components need are computed once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import enough_moves
from virtuoso.analysis.measurement import NotMeasured, freshness, sample_confidence
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import SymbolInputs, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.bars import Bars
    from virtuoso.domain.model import Floats, OrderBook

INTEREST_WINDOW_MS = 4 * 3_600_000
MIN_INTEREST_STEPS = 6
MIN_TRADES = 20
INTEREST_FLOOR = 1e-3
"""The move of open interest over 4 hours that is regarded as noise: 0.1 %."""


def observed_times(inputs: SymbolInputs) -> Mapping[ScoreInput, int]:
    """Return the exchange's time (epoch ms) of each input that is present. The keys are the names that clients see."""
    records = (
        (ScoreInput.ORDER_BOOK, inputs.book),
        (ScoreInput.PREVIOUS_ORDER_BOOK, inputs.previous_book),
        (ScoreInput.TRADES, inputs.trades),
        (ScoreInput.FUNDING_HISTORY, inputs.funding),
        (ScoreInput.OPEN_INTEREST, inputs.open_interest),
        (ScoreInput.LONG_SHORT, inputs.long_short),
    )
    times = {name: record.stamp.observed_ms for name, record in records if record is not None}
    for timeframe, candles in inputs.candles.items():
        if len(candles):
            times[ScoreInput.candles(timeframe)] = candles.stamp.observed_ms
    ticker = inputs.ticker
    if ticker is not None:
        times[ScoreInput.TICKER] = ticker.stamp.observed_ms
        for name, value in (
            (ScoreInput.MARK_PRICE, ticker.mark),
            (ScoreInput.INDEX_PRICE, ticker.index),
            (ScoreInput.FUNDING_RATE, ticker.funding_rate),
        ):
            if value is not None:
                times[name] = ticker.stamp.observed_ms
    return times


class PositionMoves(NamedTuple):
    """The moves of price and open interest over the same hours, each in its own standard deviations."""

    price: float
    open_interest: float
    confidence: float


class BookSide(NamedTuple):
    """One side of an order book, best level first: the log distance of each level from the geometric mid, and its size."""

    distance: Floats
    size: Floats


class SymbolContext:
    """One symbol's inputs at `now_ms`, and its closed bars by timeframe. A property raises NotMeasured when its inputs are
    missing or too few."""

    def __init__(self, inputs: SymbolInputs, now_ms: int, bars: Mapping[Timeframe, Bars]) -> None:
        self.inputs = inputs
        self.now_ms = now_ms
        self.bars = bars

    @cached_property
    def signed_sizes(self) -> Floats:
        """Sizes of the trades in base units, oldest first: positive for taker buys, negative for taker sells. Raise
        NotMeasured with fewer than 20 trades."""
        trades = self.inputs.trades
        if trades is None or len(trades.size) < MIN_TRADES:
            raise NotMeasured(f"needs {MIN_TRADES} trades, has {0 if trades is None else len(trades.size)}")
        signed: Floats = trades.side * trades.size
        return signed

    @cached_property
    def sizes(self) -> Floats:
        """Sizes of the trades without sign."""
        return np.abs(self.signed_sizes)

    @cached_property
    def trades_confidence(self) -> float:
        """Confidence in the trades, 0-1. It depends on their number (0.5 at 100) and on the age of the newest (1 up to 1
        minute, 0 from 20 minutes on)."""
        trades = self.inputs.trades
        if trades is None or not len(trades.time_ms):
            return 0.0
        age = self.now_ms - int(trades.time_ms[-1])
        return sample_confidence(len(trades.time_ms), 100) * freshness(age, 60_000, 1_200_000)

    @cached_property
    def levels(self) -> tuple[Floats, Floats]:
        """Validated bids and asks of the order book: arrays of shape (n, 2)."""
        if self.inputs.book is None:
            raise NotMeasured("no order book")
        return validated_levels(self.inputs.book)

    @cached_property
    def book_sides(self) -> tuple[BookSide, BookSide]:
        """Bids and asks by their distance from the mid."""
        bids, asks = self.levels
        bid_logs, ask_logs = np.log(bids[:, 0]), np.log(asks[:, 0])
        mid = (bid_logs[0] + ask_logs[0]) / 2
        return BookSide(mid - bid_logs, bids[:, 1]), BookSide(ask_logs - mid, asks[:, 1])

    @cached_property
    def half_spread(self) -> float:
        """Log distance of the best levels from the mid, above 0."""
        return float(self.book_sides[0].distance[0])

    @cached_property
    def common_depth(self) -> float:
        """Log distance of the last level of the shorter side. Both sides can be compared up to this distance."""
        return min(float(side.distance[-1]) for side in self.book_sides)

    @cached_property
    def book_confidence(self) -> float:
        """Confidence in the order book, 0-1. It depends on the age (1 up to 15 s, 0 from 3 minutes on), the spread (0.5 at
        50 bp) and the number of levels."""
        book = self.inputs.book
        if book is None:
            return 0.0
        fresh = freshness(self.now_ms - book.stamp.observed_ms, 15_000, 180_000)
        return fresh / (1 + 2 * self.half_spread / 0.005) * sample_confidence(min(len(book.bids), len(book.asks)), 5)

    @cached_property
    def moves(self) -> PositionMoves:
        """Moves of price and open interest over the newest 4 hours of open interest (at least 6 steps). The prices are those
        of the 5m bars that had closed at the first and at the last of these times."""
        interest, bars = self.inputs.open_interest, self.bars.get(Timeframe.M5)
        if interest is None or bars is None:
            raise NotMeasured("needs open interest and 5m candles")
        count = len(interest.values)
        if count <= MIN_INTEREST_STEPS:
            raise NotMeasured(f"needs {MIN_INTEREST_STEPS + 1} values of open interest, has {count}")
        logs = np.log(interest.values)
        begin = min(
            int(np.searchsorted(interest.time_ms, interest.time_ms[-1] - INTEREST_WINDOW_MS)), count - 1 - MIN_INTEREST_STEPS
        )
        close_times = bars.open_ms + bars.timeframe.ms
        first, last = (int(i) - 1 for i in np.searchsorted(close_times, interest.time_ms[[begin, -1]], side="right"))
        if first < 0 or last <= first:
            raise NotMeasured("the 5m candles do not cover the hours of the open interest")
        steps, returns = logs[1:] - logs[:-1], bars.close[1:] - bars.close[:-1]
        step = float(bars.price_step[-1])
        price = _in_deviations(bars.close[last] - bars.close[first], returns, last - first, "price", floor=step)
        moved = _in_deviations(logs[-1] - logs[begin], steps, count - 1 - begin, "open interest", floor=INTEREST_FLOOR)
        fresh = freshness(self.now_ms - int(interest.time_ms[-1]), 900_000, 7_200_000)
        return PositionMoves(price, moved, fresh * sample_confidence(count, 12))


def history_z_score(newest: float, history: Floats, *, floor: float, min_count: int) -> tuple[float, float]:
    """Return (z-score, confidence) of `newest` against `history`. The z-score is (newest - mean) / sqrt(variance + floor^2).
    The confidence depends on the number of values, 0-1.

    `floor` prevents an extreme z-score from a tiny change after weeks without change. Raise NotMeasured with fewer than
    `min_count` values."""
    if len(history) < min_count:
        raise NotMeasured(f"needs {min_count} values of its own history, has {len(history)}")
    mean = float(history.sum()) / len(history)
    away = history - mean
    deviation = math.sqrt(float(away @ away) / len(history) + floor * floor)
    return (newest - mean) / deviation, sample_confidence(len(history), min_count)


def validated_levels(book: OrderBook) -> tuple[Floats, Floats]:
    """Return the bids and asks of an order book. Raise ValueError when a side is empty, the book is crossed, or a price or
    size is invalid."""
    bids, asks = book.bids, book.asks
    if not len(bids) or not len(asks):
        raise ValueError("a side of the order book is empty")
    if not bids[0, 0] < asks[0, 0]:
        raise ValueError("the order book is crossed")
    for side in (bids, asks):
        if not (np.isfinite(side).all() and side.min() >= 0 and side[:, 0].min() > 0):
            raise ValueError("the order book has a price or size that is not a positive number")
    return bids, asks


def _in_deviations(move: float, steps: Floats, count: int, name: str, *, floor: float) -> float:
    """Return a move over `count` steps, divided by the root mean square of such moves, but at least by `floor`. Raise
    NotMeasured when fewer than a tenth of the steps are not 0."""
    if not (steps.any() and enough_moves(steps)):
        raise NotMeasured(f"the {name} hardly moved" if steps.any() else f"the {name} did not move")
    return float(move) / max(floor, math.sqrt(float(steps @ steps) / len(steps) * count))
