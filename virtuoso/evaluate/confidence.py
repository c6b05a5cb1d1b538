"""Was higher confidence followed by smaller changes of the score? Confidence says how well a score is measured; it says
nothing of returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import false_discovery_rates
from virtuoso.evaluate.feature_metrics import FeatureMetrics, Outcome, blocks, feature_metrics, ranks
from virtuoso.evaluate.panel import Grid

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats
    from virtuoso.evaluate.panel import Table

THIRDS = 3


class ConfidenceResult(NamedTuple):
    """What followed confidence over one horizon. `ranking` is that of confidence as a ranking of the size of the score's
    change. `thirds` are mean sizes in points, by thirds of the confidence of a step, lowest first; NaN where there are none.
    `q` is the p of the ranking, corrected for the number of horizons."""

    horizon: str
    ranking: FeatureMetrics
    thirds: tuple[float, ...]
    q: float


def confidence_results(grid: Grid, confidence: Table, score: Table, counted: Table) -> list[ConfidenceResult]:
    """Return the result of each horizon. The tables are those of a panel."""
    changes = {
        name: Outcome(table=score, steps=steps, delay_steps=0, extra_steps=grid.extra_steps, measure=_sizes_of_changes)
        for name, steps in grid.horizons.items()
    }
    rankings = feature_metrics(confidence, changes, counted)
    rates = false_discovery_rates([ranking.p for ranking in rankings.values()])
    return [
        ConfidenceResult(name, ranking, _thirds(confidence, changes[name], counted), q)
        for (name, ranking), q in zip(rankings.items(), rates, strict=True)
    ]


def _sizes_of_changes(score: Floats, steps: int, _: int) -> Floats:
    """Return the sizes of the score's changes over `steps`, in the place of returns."""
    sizes = np.full(score.shape, np.nan)
    sizes[:-steps] = np.abs(score[steps:] - score[:-steps])
    return sizes


def _thirds(confidence: Table, changes: Outcome, counted: Table) -> tuple[float, ...]:
    sums, counts = np.zeros((2, THIRDS))
    for block in blocks(confidence, counted):
        sizes = changes.rows(block.start, block.start + len(block.score))
        both = block.present & np.isfinite(sizes)
        third = (ranks(block.score, both)[both] * THIRDS).astype(np.intp)
        sums += np.bincount(third, 50 * sizes[both], THIRDS)  # points; a direction of 1 is 50
        counts += np.bincount(third, minlength=THIRDS)
    return tuple(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).tolist())
