"""One symbol's inputs at one time. Values that several components need are computed once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import enough_moves
from virtuoso.analysis.book_means import mean_over_time
from virtuoso.analysis.candle_readings import CandleReadingsCache
from virtuoso.analysis.measurement import NotMeasured, freshness, sample_confidence
from virtuoso.analysis.windows import DEFAULT_WINDOWS, Windows, covered_share, duration_text, fade_weights, first_within
from virtuoso.domain.inputs import DimensionInput, ScoreInput
from virtuoso.domain.model import SymbolInputs, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.bars import Bars
    from virtuoso.analysis.book_means import BookMean, BookSample
    from virtuoso.domain.model import Floats, OrderBook, TimeSeries, Trades

CANDLE_INPUTS = {timeframe: ScoreInput.candles(timeframe) for timeframe in Timeframe}
INTEREST_WINDOW_MS = 4 * 3_600_000
MIN_INTEREST_STEPS = 6
MIN_TRADES = 10
INTEREST_FLOOR = 1e-3
"""The move of open interest over 4 hours that is regarded as noise: 0.1 %."""


def present_inputs(inputs: SymbolInputs, windows: Windows) -> Mapping[ScoreInput, DimensionInput]:
    """Return each input that is present, with its time on the exchange's clock, by the name that clients see. An input is
    incomplete when it does not cover its window."""
    times: dict[ScoreInput, int] = {}
    for name, record in (
        (ScoreInput.ORDER_BOOK, inputs.book),
        (ScoreInput.BOOK_FLOW, inputs.book_flow),
        (ScoreInput.TRADES, inputs.trades),
        (ScoreInput.FUNDING_HISTORY, inputs.funding),
        (ScoreInput.OPEN_INTEREST, inputs.open_interest),
        (ScoreInput.LONG_SHORT, inputs.long_short),
        (ScoreInput.LIQUIDATIONS, inputs.liquidations),
    ):
        if record is not None:
            times[name] = record.stamp.observed_ms
    for timeframe, candles in inputs.candles.items():
        if len(candles):
            times[CANDLE_INPUTS[timeframe]] = candles.stamp.observed_ms
            if timeframe is Timeframe.M5 and candles.taker_buy is not None:
                times[ScoreInput.TAKER_VOLUME] = candles.stamp.observed_ms
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
    incomplete = _incomplete(inputs, windows)
    streamed = inputs.streamed
    return {name: DimensionInput(name, name in streamed, time, name in incomplete) for name, time in times.items()}


def _incomplete(inputs: SymbolInputs, windows: Windows) -> set[ScoreInput]:
    """Return the inputs that do not cover their window."""
    trades, flow, liquidations = inputs.trades, inputs.book_flow, inputs.liquidations
    found = set()
    if trades is not None and trades_since_ms(trades) > trades.stamp.observed_ms - windows.trades_ms:
        found.add(ScoreInput.TRADES)
    if flow is not None and flow.complete_since_ms > flow.stamp.observed_ms - windows.book_flow_ms:
        found.add(ScoreInput.BOOK_FLOW)
    if liquidations is not None and (
        liquidations.complete_since_ms > liquidations.stamp.observed_ms - windows.liquidations_ms
    ):
        found.add(ScoreInput.LIQUIDATIONS)
    return found


class PositionMoves(NamedTuple):
    """The moves of price and open interest over the same hours, each in its own standard deviations."""

    price: float
    open_interest: float
    confidence: float


class TradeWindow(NamedTuple):
    """The trades within one window of time. Sizes are in base units. `sides` are +1 for taker buys, -1 for taker sells.
    `weights` are 0-1 and fall with age. `number` is their sum. `covered` is the share of the window in which no trade is
    missing, 0-1."""

    sizes: Floats
    sides: Floats
    weights: Floats
    number: float
    covered: float
    confidence: float


class SymbolContext:
    """One symbol's inputs at `now_ms`, its closed bars by timeframe, and the readings of its `book_samples`. A property
    raises NotMeasured when its inputs are missing or too few. `cache` belongs to this symbol. `reuse` is that of the
    cache."""

    def __init__(
        self,
        inputs: SymbolInputs,
        now_ms: int,
        bars: Mapping[Timeframe, Bars],
        *,
        windows: Windows = DEFAULT_WINDOWS,
        samples: Sequence[BookSample] = (),
        cache: CandleReadingsCache | None = None,
    ) -> None:
        self.inputs = inputs
        self.now_ms = now_ms
        self.bars = bars
        self.windows = windows
        self._samples = samples
        self.reuse = (cache or CandleReadingsCache()).reuse

    @cached_property
    def trades(self) -> TradeWindow:
        """The trades of the last 5 minutes."""
        return self._trades_within(self.windows.trades_ms)

    @cached_property
    def recent_trades(self) -> TradeWindow:
        """The trades of the last minute."""
        return self._trades_within(self.windows.recent_trades_ms)

    def _trades_within(self, window_ms: int) -> TradeWindow:
        """Return the trades of the window that ends at the time up to which trades are known.

        The confidence depends on the sum of the weights (0 at 10 trades, 0.5 at 60), on the covered share of the window, and
        on the age (1 up to 30 s, 0 from 5 minutes on). Where it is not known whether trades are missing, the time since the
        first known trade counts as covered. Raise NotMeasured when the weights add up to at most 10 trades."""
        trades = self.inputs.trades
        if trades is None:
            raise NotMeasured("no trades")
        end_ms = trades.stamp.observed_ms
        recent = slice(first_within(trades.time_ms, end_ms, window_ms), None)
        weights = fade_weights(trades.time_ms[recent], end_ms, window_ms)
        count = float(weights.sum())
        if count <= MIN_TRADES:
            raise NotMeasured(f"needs more than {MIN_TRADES} trades within {duration_text(window_ms)}, has {len(weights)}")
        covered = covered_share(trades_since_ms(trades), end_ms, window_ms)
        fresh = freshness(self.now_ms - end_ms, 30_000, 300_000)
        confidence = sample_confidence(count - MIN_TRADES, 50) * covered * fresh
        return TradeWindow(trades.size[recent], trades.side[recent], weights, count, covered, confidence)

    @cached_property
    def book_means(self) -> list[BookMean]:
        """The components of the order book as means over time, in the order of their table."""
        return mean_over_time(book_samples(self.inputs), self._samples, self.windows.book_half_life_ms)

    @cached_property
    def book_confidence(self) -> float:
        """Confidence in the newest order book, 0-1. It depends on the age (1 up to 15 s, 0 from 3 minutes on), the spread
        (0.5 at 50 bp) and the number of levels."""
        book = self.inputs.book
        if book is None:
            return 0.0
        return freshness(self.now_ms - book.stamp.observed_ms, 15_000, 180_000) * self._samples[-1].confidence

    @cached_property
    def moves(self) -> PositionMoves:
        """Moves of price and open interest over the newest 4 hours of open interest (at least 6 steps). The prices are those
        of the 5m bars that had closed at the first and at the last of these times."""
        interest, bars = self.inputs.open_interest, self.bars.get(Timeframe.M5)
        if interest is None or bars is None:
            raise NotMeasured("needs open interest and 5m candles")
        moves = self.reuse("moves", (interest, bars), lambda: _position_moves(interest, bars))
        fresh = freshness(self.now_ms - int(interest.time_ms[-1]), 900_000, 7_200_000)
        return moves._replace(confidence=fresh * moves.confidence)


def _position_moves(interest: TimeSeries, bars: Bars) -> PositionMoves:
    """Return the moves of price and open interest. The confidence is that of the number of values."""
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
    return PositionMoves(price, moved, sample_confidence(count, 12))


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


def book_samples(inputs: SymbolInputs) -> tuple[OrderBook, ...]:
    """Return the samples of the order book, oldest first. The newest one is `inputs.book`. Empty without an order book."""
    return () if inputs.book is None else (*inputs.books[:-1], inputs.book)


def trades_since_ms(trades: Trades) -> int:
    """Return the time from which on no trade is missing. It is that of the first trade when this is not known."""
    if trades.complete_since_ms is not None:
        return trades.complete_since_ms
    return int(trades.time_ms[0]) if len(trades.time_ms) else trades.stamp.observed_ms


def _in_deviations(move: float, steps: Floats, count: int, name: str, *, floor: float) -> float:
    """Return a move over `count` steps, divided by the root mean square of such moves, but at least by `floor`. Raise
    NotMeasured when fewer than a tenth of the steps are not 0."""
    if not (steps.any() and enough_moves(steps)):
        raise NotMeasured(f"the {name} hardly moved" if steps.any() else f"the {name} did not move")
    return float(move) / max(floor, math.sqrt(float(steps @ steps) / len(steps) * count))
