"""Does the record show that the predictions are right? The p of a horizon is the greater of two.

Newey-West alone is over-confident for scores that persist: random walks reached t = 6. Outcomes that are exchanged between
symbols keep such persistence and have no information, so they show what chance alone gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import (
    NO_ESTIMATE,
    MeanEstimate,
    exchange_probability,
    false_discovery_rates,
    mean_estimate,
)
from virtuoso.analysis.outlook.calibration import MIN_RECORD_STEPS, record_slice
from virtuoso.analysis.outlook.features import rank_rows
from virtuoso.analysis.outlook.walk import EMBARGO_STEPS, MIN_SYMBOLS, Walk

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

DRAWS = 1_000
CLEAR = 0.05
"""The evidence is clear at a smaller q."""


class Evidence(NamedTuple):
    """The evidence of one horizon. p and q are NaN while the record is too short."""

    steps: int  # matured steps of the record
    information: MeanEstimate  # mean rank correlation with its 95 % interval
    p_newey_west: float  # one-sided
    p_exchange: float
    q: float  # of the greater p, over the horizons (Benjamini and Hochberg)

    @property
    def clear(self) -> bool:
        """Return True if the record shows that the predictions are right."""
        return self.q < CLEAR


def evidence(walks: Sequence[Walk | None], at: int, *, seed: int, draws: int = DRAWS) -> list[Evidence]:
    """Return the evidence of each horizon, as known at step `at`. `seed` makes the draws; it must not change at a step."""
    found = [_one(walk, at, seed, draws) for walk in walks]
    rates = false_discovery_rates([max(e.p_newey_west, e.p_exchange, key=_nan_last) for e in found])
    return [each._replace(q=q) for each, q in zip(found, rates, strict=True)]


def _nan_last(p: float) -> float:
    return math.inf if math.isnan(p) else p


def _one(walk: Walk | None, at: int, seed: int, draws: int) -> Evidence:
    if walk is None:
        return Evidence(0, NO_ESTIMATE, math.nan, math.nan, math.nan)
    record = record_slice(walk, at)
    series = walk.information[record]
    steps = int(np.isfinite(series).sum())
    estimate = mean_estimate(series, walk.horizon, extra_steps=EMBARGO_STEPS)
    if steps < MIN_RECORD_STEPS or math.isnan(estimate.p):
        return Evidence(steps, estimate, math.nan, math.nan, math.nan)
    one_sided = estimate.p / 2 if estimate.value > 0 else 1 - estimate.p / 2
    exchanged = _exchanged(walk.predictions[record], walk.outcomes[record], seed=seed, draws=draws)
    return Evidence(steps, estimate, one_sided, exchanged, math.nan)


def _exchanged(predictions: Floats, outcomes: Floats, *, seed: int, draws: int) -> float:
    """Return the p of the exchange of outcomes between symbols that have at least 270 steps. Those with fewer would rarely
    meet another symbol at the same time. Return 1 for fewer than 20 symbols."""
    used = (np.isfinite(predictions) & np.isfinite(outcomes)).sum(axis=0) >= MIN_RECORD_STEPS
    if used.sum() < MIN_SYMBOLS:
        return 1.0
    ranked = (rank_rows(each[:, used]) for each in (predictions, outcomes))
    return exchange_probability(*ranked, draws=draws, seed=seed, two_sided=False)
