"""One symbol's past, bar by bar, through the code that scores live: what was known at each step of the clock.

The 1m bars are left out: 28,800 a symbol for 20 days, a tenth of the weight. All else is as at that moment: the newest
closed bar of each timeframe, the same gauges, weights and confidences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.aggregation import LEAST_CONFIDENCE
from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS, COMPONENTS, series
from virtuoso.analysis.weights import DEFAULT_WEIGHTS
from virtuoso.domain.model import Candles, Timeframe
from virtuoso.evaluate.panel import DAY_STEPS, Kind, Named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats, Millis

TIMEFRAMES = (Timeframe.M5, Timeframe.M30, Timeframe.H4)
DIMENSIONS = tuple(CANDLE_COMPONENTS)
TOGETHER = Named("candles_together", Kind.TOTAL)
NAMES: tuple[Named, ...] = (
    TOGETHER,
    *(Named(kind.lower_name, Kind.DIMENSION) for kind in DIMENSIONS),
    *(
        Named(f"{gauge.name}_{timeframe.value}", Kind.COMPONENT, kind.lower_name)
        for kind, gauges in CANDLE_COMPONENTS.items()
        for gauge in gauges  # in the order of COMPONENTS
        for timeframe in TIMEFRAMES
    ),
)


class Past(NamedTuple):
    """One symbol on the clock: `directions` (len(NAMES), steps), -1..1, NaN where absent; of shape (steps,): `price`, the
    close at each step, and what a ticker would have said of the 24 hours before it, NaN where there were fewer: `change`
    in percent, `turnover` in USDT."""

    directions: NDArray[np.float32]
    price: Floats
    change: Floats
    turnover: Floats


def replay(candles: Mapping[Timeframe, Candles], clock_ms: Millis) -> Past:
    """The past of one symbol at each of `clock_ms` (epoch ms, ends of 5m bars, 5 minutes apart). ValueError when its bars
    cannot be read."""
    shape = (len(COMPONENTS), len(TIMEFRAMES), len(clock_ms))
    directions, strengths = np.full(shape, np.nan), np.zeros(shape)
    for place, timeframe in enumerate(TIMEFRAMES):
        if (one := candles.get(timeframe)) is None:
            continue
        read = series(one)
        at, there = standing(one, clock_ms)
        counts = there & (read.confidences[:, at] >= LEAST_CONFIDENCE) & np.isfinite(read.directions[:, at])
        directions[:, place] = np.where(counts, read.directions[:, at], np.nan)
        strengths[:, place] = np.where(counts, read.confidences[:, at], 0.0)
    return Past(_composed(directions, strengths), *prices(candles.get(Timeframe.M5), clock_ms))


def standing(candles: Candles, clock_ms: Millis) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """At each time, the place of the bar that had closed last, and whether there was one that is not too old to count."""
    ends = candles.open_ms + candles.timeframe.ms
    at = np.searchsorted(ends, clock_ms, side="right") - 1
    there = (at >= 0) & (clock_ms - ends[np.maximum(at, 0)] < candles.timeframe.ms)
    return np.maximum(at, 0), there


def _composed(directions: Floats, strengths: Floats) -> NDArray[np.float32]:
    """Components, dimensions and what the three of them make together, as `composition` does it: sum(w c d) / sum(w c)."""
    whole = sum(DEFAULT_WEIGHTS.timeframes.values())
    shares = np.array([DEFAULT_WEIGHTS.timeframes[t] / whole for t in TIMEFRAMES])
    weights = np.array([g.weight for g in COMPONENTS])[:, None, None] * shares[:, None] * strengths
    pushes = weights * np.nan_to_num(directions)
    made: list[Floats] = []
    above, below = np.zeros(directions.shape[2]), np.zeros(directions.shape[2])
    for kind in DIMENSIONS:
        rows = [row for row, gauge in enumerate(COMPONENTS) if gauge in CANDLE_COMPONENTS[kind]]
        push, strength = pushes[rows].sum(axis=(0, 1)), weights[rows].sum(axis=(0, 1))
        made.append(_ratio(push, strength))
        share = DEFAULT_WEIGHTS.share(kind)
        above, below = above + share * push, below + share * strength
    return np.array([_ratio(above, below), *made, *directions.reshape(-1, directions.shape[2])], dtype=np.float32)


def _ratio(push: Floats, strength: Floats) -> Floats:
    """push / strength, NaN where nothing counts."""
    return np.where(strength > 0, push / np.where(strength > 0, strength, 1.0), np.nan)


def prices(candles: Candles | None, clock_ms: Millis) -> tuple[Floats, Floats, Floats]:
    """(close, change and turnover of 24 hours) at each time."""
    nothing = np.full(len(clock_ms), np.nan)
    if candles is None:
        return nothing, nothing, nothing
    at, there = standing(candles, clock_ms)
    running = np.concatenate(([0.0], np.cumsum(candles.volume * candles.close)))
    change, turnover = np.full((2, len(candles)), np.nan)
    change[DAY_STEPS:] = 100 * (candles.close[DAY_STEPS:] / candles.close[:-DAY_STEPS] - 1)
    turnover[DAY_STEPS - 1 :] = running[DAY_STEPS:] - running[:-DAY_STEPS]
    price, moved, traded = (np.where(there, values[at], np.nan) for values in (candles.close, change, turnover))
    return price, moved, traded


def looked_ahead(candles: Mapping[Timeframe, Candles], clock_ms: Millis, seed: int) -> bool:
    """Whether any score depends on what came after it: all bars after a moment drawn by `seed` are exchanged for others (the
    same shuffled, and twice as dear), and the scores up to it must come out the same to the last bit."""
    rng = np.random.default_rng(seed)
    moment = int(rng.integers(len(clock_ms) // 4, 3 * len(clock_ms) // 4))
    changed = {t: _with_another_future(one, int(clock_ms[moment]), rng) for t, one in candles.items()}
    before, after = (replay(each, clock_ms).directions[:, : moment + 1] for each in (candles, changed))
    return not np.array_equal(before, after, equal_nan=True)


def _with_another_future(candles: Candles, moment_ms: int, rng: np.random.Generator) -> Candles:
    """The same bars up to those that close at the moment, and others after."""
    known = int(np.searchsorted(candles.open_ms + candles.timeframe.ms, moment_ms, side="right"))
    order = np.concatenate((np.arange(known), known + rng.permutation(len(candles) - known)))
    dearer = np.where(np.arange(len(candles)) < known, 1.0, 2.0)
    dearly = {name: getattr(candles, name)[order] * dearer for name in ("open", "high", "low", "close")}
    return replace(candles, **dearly, volume=candles.volume[order])
