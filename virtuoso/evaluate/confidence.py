"""Was higher confidence followed by smaller changes of the score? Confidence says how well a score is measured; it says
nothing of returns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import false_discovery_rates
from virtuoso.evaluate.feature_metrics import FeatureMetrics, ForwardReturns, feature_metrics, ranks
from virtuoso.evaluate.panel import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.evaluate.panel import Flags

THIRDS = 3


class ConfidenceResult(NamedTuple):
    """What followed confidence over one horizon. `ranking` is that of confidence as a ranking of the size of the score's
    change. `thirds` are mean sizes in points, by thirds of the confidence of a step, lowest first; NaN where there are none.
    `q` is the p of the ranking, corrected for the number of horizons."""

    horizon: str
    ranking: FeatureMetrics
    thirds: tuple[float, ...]
    q: float


def confidence_results(
    grid: Grid, confidence: NDArray[np.float32], score: NDArray[np.float32], counted: Flags
) -> list[ConfidenceResult]:
    """Return the result of each horizon. The arrays are those of a panel."""
    forward = {name: _changes(score, counted, steps, grid.extra_steps) for name, steps in grid.horizons.items()}
    rankings = feature_metrics(confidence, forward, counted)
    rates = false_discovery_rates([ranking.p for ranking in rankings.values()])
    return [
        ConfidenceResult(name, ranking, _thirds(confidence, forward[name]), q)
        for (name, ranking), q in zip(rankings.items(), rates, strict=True)
    ]


def _changes(score: NDArray[np.float32], counted: Flags, steps: int, extra_steps: int) -> ForwardReturns:
    """Return the sizes of the score's changes over `steps`, in the place of returns."""
    sizes = np.full(score.shape, np.nan)
    sizes[:-steps] = np.abs(score[steps:] - score[:-steps])
    present = counted & np.isfinite(sizes)
    return ForwardReturns(steps=steps, extra_steps=extra_steps, returns=sizes, ranks=ranks(sizes, present), present=present)


def _thirds(confidence: NDArray[np.float32], forward: ForwardReturns) -> tuple[float, ...]:
    both = forward.present & np.isfinite(confidence)
    third = (ranks(confidence, both)[both] * THIRDS).astype(np.intp)
    points = 50 * forward.returns[both]  # a direction of 1 is 50 points
    parts = [points[third == number] for number in range(THIRDS)]
    return tuple(float(part.mean()) if len(part) else math.nan for part in parts)
