"""The replay of one symbol's history, bar by bar, with the code of live scoring and the data known at each step.

1m bars are left out, because there are 28,800 for each symbol in 20 days, and they have only 15 % of the weight. Everything
else is as in live scoring: the newest closed bar of each timeframe, and the same components, weights and confidences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS, COMPONENTS, read_history
from virtuoso.analysis.measurement import MIN_CONFIDENCE
from virtuoso.analysis.weights import DEFAULT_WEIGHTS
from virtuoso.domain.model import Candles, Timeframe
from virtuoso.evaluate.panel import DAY_STEPS, Feature, FeatureKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats, Millis

TIMEFRAMES = (Timeframe.M5, Timeframe.M30, Timeframe.H4)
DIMENSIONS = tuple(CANDLE_COMPONENTS)
CANDLE_SCORE = Feature("candles_together", FeatureKind.TOTAL)
FEATURES: tuple[Feature, ...] = (
    CANDLE_SCORE,
    *(Feature(kind.lower_name, FeatureKind.DIMENSION) for kind in DIMENSIONS),
    *(
        Feature(f"{spec.name}_{timeframe.value}", FeatureKind.COMPONENT, kind.lower_name)
        for kind, specs in CANDLE_COMPONENTS.items()
        for spec in specs  # in the order of COMPONENTS
        for timeframe in TIMEFRAMES
    ),
)


class FeatureHistory(NamedTuple):
    """One symbol at each step of the clock.

    `directions` (len(FEATURES), steps) are -1..1, NaN where not measured. The other arrays have shape (steps,). `price` is
    the close at each step. `change` (percent) and `turnover` (USDT) cover the 24 hours before. They are NaN where the
    history is shorter."""

    directions: NDArray[np.float32]
    price: Floats
    change: Floats
    turnover: Floats


def replay(candles: Mapping[Timeframe, Candles], clock_ms: Millis) -> FeatureHistory:
    """Return the history of one symbol at each of `clock_ms` (epoch ms, ends of 5m bars, 5 minutes apart). Raise ValueError
    when its candles cannot be read."""
    shape = (len(COMPONENTS), len(TIMEFRAMES), len(clock_ms))
    directions, confidences = np.full(shape, np.nan), np.zeros(shape)
    for index, timeframe in enumerate(TIMEFRAMES):
        if (one := candles.get(timeframe)) is None:
            continue
        readings = read_history(one)
        bar, current = last_closed_bars(one, clock_ms)
        measured = current & (readings.confidences[:, bar] >= MIN_CONFIDENCE) & np.isfinite(readings.directions[:, bar])
        directions[:, index] = np.where(measured, readings.directions[:, bar], np.nan)
        confidences[:, index] = np.where(measured, readings.confidences[:, bar], 0.0)
    return FeatureHistory(_aggregate(directions, confidences), *price_history(candles.get(Timeframe.M5), clock_ms))


def last_closed_bars(candles: Candles, clock_ms: Millis) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return, for each time, (index of the last closed bar, True if this bar exists and is not too old)."""
    close_ms = candles.open_ms + candles.timeframe.ms
    index = np.searchsorted(close_ms, clock_ms, side="right") - 1
    current = (index >= 0) & (clock_ms - close_ms[np.maximum(index, 0)] < candles.timeframe.ms)
    return np.maximum(index, 0), current


def _aggregate(directions: Floats, confidences: Floats) -> NDArray[np.float32]:
    """Return the direction of every feature: all candle dimensions together, each dimension, and each component. The formula
    is that of `analysis.aggregation`: sum(w c d) / sum(w c)."""
    total = sum(DEFAULT_WEIGHTS.timeframes.values())
    shares = np.array([DEFAULT_WEIGHTS.timeframes[t] / total for t in TIMEFRAMES])
    strengths = np.array([spec.weight for spec in COMPONENTS])[:, None, None] * shares[:, None] * confidences
    signed_strengths = strengths * np.nan_to_num(directions)
    dimensions: list[Floats] = []
    total_signed, total_strength = np.zeros(directions.shape[2]), np.zeros(directions.shape[2])
    for kind in DIMENSIONS:
        rows = [row for row, spec in enumerate(COMPONENTS) if spec in CANDLE_COMPONENTS[kind]]
        signed, strength = signed_strengths[rows].sum(axis=(0, 1)), strengths[rows].sum(axis=(0, 1))
        dimensions.append(_ratio(signed, strength))
        share = DEFAULT_WEIGHTS.share(kind)
        total_signed, total_strength = total_signed + share * signed, total_strength + share * strength
    components = directions.reshape(-1, directions.shape[2])
    return np.array([_ratio(total_signed, total_strength), *dimensions, *components], dtype=np.float32)


def _ratio(signed: Floats, strength: Floats) -> Floats:
    """Return signed / strength, NaN where the strength is 0."""
    return np.where(strength > 0, signed / np.where(strength > 0, strength, 1.0), np.nan)


def price_history(candles: Candles | None, clock_ms: Millis) -> tuple[Floats, Floats, Floats]:
    """Return (close, change and turnover of 24 hours) at each time, NaN where a value is missing."""
    nothing = np.full(len(clock_ms), np.nan)
    if candles is None:
        return nothing, nothing, nothing
    bar, current = last_closed_bars(candles, clock_ms)
    running = np.concatenate(([0.0], np.cumsum(candles.volume * candles.close)))
    change, turnover = np.full((2, len(candles)), np.nan)
    change[DAY_STEPS:] = 100 * (candles.close[DAY_STEPS:] / candles.close[:-DAY_STEPS] - 1)
    turnover[DAY_STEPS - 1 :] = running[DAY_STEPS:] - running[:-DAY_STEPS]
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
