"""The replay of one symbol's history, with one pass of the live collector at each step.

The readings of all bars are computed at once, before the first pass. 1m bars are left out: there are 28,800 for each symbol
in 20 days, and they have 15 % of the weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS, CandleReadingsCache, history_reader
from virtuoso.analysis.weights import Weights
from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.model import DAY_MS, Candles, Confluence, Environment, Stamp, SymbolInputs, Ticker, Timeframe
from virtuoso.evaluate.panel import CONFIDENCE, FIVE_MINUTES, Feature, FeatureKind
from virtuoso.market_data.market import MarketData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats, Millis

TIMEFRAMES = FIVE_MINUTES.timeframes
DIMENSIONS = tuple(CANDLE_COMPONENTS)
CANDLE_SCORE = Feature("candles_together", FeatureKind.TOTAL)


def features(timeframes: Sequence[Timeframe]) -> tuple[Feature, ...]:
    """Return the features that these bars give."""
    return (
        CANDLE_SCORE,
        CONFIDENCE,
        *(Feature(kind.lower_name, FeatureKind.DIMENSION) for kind in DIMENSIONS),
        *(
            Feature(f"{spec.name}_{timeframe.value}", FeatureKind.COMPONENT, kind.lower_name)
            for kind, specs in CANDLE_COMPONENTS.items()
            for spec in specs
            for timeframe in timeframes
        ),
    )


FEATURES = features(TIMEFRAMES)
WEIGHTS = Weights(min_coverage=0.0, min_dimensions=1)
"""The weights of live scoring. Without the minimum requirements, the score is the total of the candle dimensions alone."""
VENUE = "evaluation"
"""The venue of the passes. It appears in no output."""

_ROWS = {feature.name: row for row, feature in enumerate(FEATURES)}


class FeatureHistory(NamedTuple):
    """One symbol at each step of the clock.

    `directions` (len(FEATURES), steps) are -1..1, and the confidence 0..1, NaN where not measured. The other arrays have
    shape (steps,). `price` is the close at each step. `change` (percent) and `turnover` (USDT) cover the 24
    hours before. They are NaN where the history is shorter."""

    directions: NDArray[np.float32]
    price: Floats
    change: Floats
    turnover: Floats


def replay(candles: Mapping[Timeframe, Candles], clock_ms: Millis) -> FeatureHistory:
    """Return the history of one symbol at each of `clock_ms` (epoch ms, ends of its shortest bars). Raise ValueError when
    its candles cannot be read."""
    symbol = next(iter(candles.values())).symbol
    state = new_venue_state(VENUE, Environment.REPLAY, WEIGHTS)
    state.readings[symbol] = CandleReadingsCache(history_reader(candles))
    current = {timeframe: last_closed_bars(one, clock_ms)[1] for timeframe, one in candles.items()}
    scores = np.full((len(FEATURES), len(clock_ms)), np.nan, dtype=np.float32)
    for step, now_ms in enumerate(clock_ms.tolist()):
        known = {timeframe: one for timeframe, one in candles.items() if current[timeframe][step]}
        result = run_pass(state, market_at(now_ms, inputs=[SymbolInputs(symbol=symbol, candles=known)]), PassRequest())
        state = next_state(state, result)
        measured = directions(result.confluences[symbol])
        scores[[_ROWS[name] for name in measured], step] = [*measured.values()]
    shortest = min(candles, key=lambda timeframe: timeframe.ms)
    return FeatureHistory(scores, *price_history(candles[shortest], clock_ms))


def market_at(
    now_ms: int,
    *,
    inputs: Sequence[SymbolInputs] = (),
    tickers: Mapping[str, Ticker] = MappingProxyType({}),
    anchor_candles: Mapping[Timeframe, Candles] = MappingProxyType({}),
) -> MarketData:
    """Return the market of a pass at `now_ms`. Candles may have later bars, because a pass uses none of them."""
    return MarketData(
        venue=VENUE,
        stamp=Stamp(observed_ms=now_ms, received_ms=now_ms),
        inputs=inputs,
        tickers=tickers,
        anchor_candles=anchor_candles,
        universe=(),
        venue_symbols=(),
        turnover_known=True,
        totals_known=True,
    )


def directions(result: Confluence) -> dict[str, float]:
    """Return the direction of each measured feature by its name."""
    measured = {} if result.score is None else {CANDLE_SCORE.name: (result.score - 50) / 50}
    if result.confidence is not None:
        measured[CONFIDENCE.name] = result.confidence
    for dimension in result.dimensions:
        if dimension.direction is not None:
            measured[dimension.kind.lower_name] = dimension.direction
        measured.update((c.name, c.direction) for c in dimension.components if c.direction is not None)
    return measured


def last_closed_bars(candles: Candles, clock_ms: Millis) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return, for each time, (index of the last closed bar, True if this bar exists and is not too old)."""
    close_ms = candles.open_ms + candles.timeframe.ms
    index = np.searchsorted(close_ms, clock_ms, side="right") - 1
    current = (index >= 0) & (clock_ms - close_ms[np.maximum(index, 0)] < candles.timeframe.ms)
    return np.maximum(index, 0), current


def price_history(candles: Candles, clock_ms: Millis) -> tuple[Floats, Floats, Floats]:
    """Return (close, change and turnover of 24 hours) at each time, NaN where a value is missing."""
    day = DAY_MS // candles.timeframe.ms
    bar, current = last_closed_bars(candles, clock_ms)
    running = np.concatenate(([0.0], np.cumsum(candles.volume * candles.close)))
    change, turnover = np.full((2, len(candles)), np.nan)
    change[day:] = 100 * (candles.close[day:] / candles.close[:-day] - 1)
    turnover[day - 1 :] = running[day:] - running[:-day]
    price, moved, traded = (np.where(current, values[bar], np.nan) for values in (candles.close, change, turnover))
    return price, moved, traded


def has_look_ahead(candles: Mapping[Timeframe, Candles], clock_ms: Millis, seed: int) -> bool:
    """Return True if any score depends on later bars. `seed` selects a step. All bars after it are shuffled and their prices
    doubled. The scores up to it must stay the same, bit for bit."""
    rng = np.random.default_rng(seed)
    step = int(rng.integers(len(clock_ms) // 4, 3 * len(clock_ms) // 4))
    changed = {t: _with_other_future(one, int(clock_ms[step]), rng) for t, one in candles.items()}
    before, after = (replay(each, clock_ms).directions[:, : step + 1] for each in (candles, changed))
    return not np.array_equal(before, after, equal_nan=True)


def _with_other_future(candles: Candles, time_ms: int, rng: np.random.Generator) -> Candles:
    """Return the same bars up to those that had closed at `time_ms`, followed by different bars."""
    known = int(np.searchsorted(candles.open_ms + candles.timeframe.ms, time_ms, side="right"))
    order = np.concatenate((np.arange(known), known + rng.permutation(len(candles) - known)))
    factor = np.where(np.arange(len(candles)) < known, 1.0, 2.0)
    prices = {name: getattr(candles, name)[order] * factor for name in ("open", "high", "low", "close")}
    return replace(candles, **prices, volume=candles.volume[order])
