"""Odds and interval, from the matured out-of-sample predictions of the last 540 steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.outlook.features import FeaturePanel
from virtuoso.analysis.outlook.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

RECORD_STEPS = 540
MIN_RECORD_STEPS = 270
QUANTILES = (0.1, 0.9)
MAX_SLOPE = 1e3
FIRST_SLOPE = 5.0
THIRDS = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Calibration:
    """How a prediction becomes odds and an interval."""

    slope: float  # k, at least 0
    quantiles: Floats  # (3, 2): low and high in widths, by thirds of the width's rank

    def odds(self, predictions: Floats) -> Floats:
        """Return the odds of beating the median, 0 to 1."""
        return 1 / (1 + np.exp(-self.slope * predictions))

    def intervals(self, ranks: Floats, width: Floats, horizon: int) -> tuple[Floats, Floats]:
        """Return the ends (low, high) of the 80 % interval of the log return less the universe's median. `ranks` are those
        of the width."""
        ends = self.quantiles[thirds(ranks)] * (width * math.sqrt(horizon))[..., None]
        return ends[..., 0], ends[..., 1]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Column:
    """Values of many steps in one array. Those of step t are at `ends[t - 1] : ends[t]`."""

    values: Floats
    ends: NDArray[np.intp]

    def values_of(self, steps: slice) -> Floats:
        """Return the values of these steps."""
        first = self.ends[steps.start - 1] if steps.start else 0
        return self.values[first : self.ends[steps.stop - 1]]


class Matured:
    """What followed the predictions of a walk, in columns: a calibration reads 540 steps of them."""

    def __init__(self, walk: Walk, features: FeaturePanel) -> None:
        self.walk = walk
        known = np.isfinite(walk.predictions) & np.isfinite(walk.outcomes)
        self.predictions = _column(walk.predictions, known)
        self.beat = _column(beats(walk.outcomes), known)
        relative = walk.excess / (features.width * math.sqrt(walk.horizon))
        group = thirds(features.width_ranks)
        known &= np.isfinite(relative)
        self.relative: Sequence[Column] = [_column(relative, known & (group == third)) for third in range(THIRDS)]

    def calibration(self, at: int, *, slope: float = FIRST_SLOPE) -> Calibration | None:
        """Return the calibration as known at step `at`. Return None when fewer than 270 steps have matured.

        The slope is the maximum-likelihood k of P(beats) = 1 / (1 + exp(-k * prediction)). `slope` begins the search."""
        record = record_slice(self.walk, at)
        if record.stop - record.start < MIN_RECORD_STEPS:
            return None
        groups = [column.values_of(record) for column in self.relative]
        if any(not len(values) for values in groups):
            return None
        return Calibration(
            slope=_slope(self.predictions.values_of(record), self.beat.values_of(record), slope),
            quantiles=np.array([np.quantile(values, QUANTILES) for values in groups]),
        )


def thirds(ranks: Floats) -> NDArray[np.intp]:
    """Return 0, 1 or 2 for the lowest, middle and highest third of the ranks."""
    return np.digitize(ranks, (-1 / 6, 1 / 6))


def beats(outcomes: Floats) -> Floats:
    """Return 1 for a rank above the median, 0 below, 1/2 for a tie. NaN remains."""
    return (np.sign(outcomes) + 1) / 2


def record_slice(walk: Walk, at: int) -> slice:
    """Return the last 540 matured steps as known at step `at`."""
    end = max(at - walk.horizon + 1, walk.first)
    return slice(max(end - RECORD_STEPS, walk.first), end)


def _column(values: Floats, known: NDArray[np.bool_]) -> Column:
    return Column(values=values[known], ends=np.cumsum(known.sum(axis=1)))


def _slope(predictions: Floats, beat: Floats, slope: float) -> float:
    """Return the k of at least 0 with the highest likelihood, by Newton's method. It is 0 where nothing was predicted."""
    squares, products = predictions**2, float(predictions @ beat)
    for _ in range(50):
        odds = 1 / (1 + np.exp(-slope * predictions))
        curvature = float(squares @ (odds - odds**2))
        if not curvature > 0:
            return 0.0
        better = min(max(slope + (products - float(predictions @ odds)) / curvature, 0.0), MAX_SLOPE)
        if abs(better - slope) < 1e-6:
            return better
        slope = better
    return slope
