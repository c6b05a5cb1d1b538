"""Does the record show that the predictions are right? The p of a horizon is the greater of two.

Newey-West alone is over-confident for scores that persist: random walks reached t = 6. Outcomes that are exchanged between
symbols keep such persistence and have no information, so they show what chance alone gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import NO_ESTIMATE, MeanEstimate, false_discovery_rates, mean_estimate
from virtuoso.analysis.outlook.calibration import MIN_RECORD_STEPS, record_slice
from virtuoso.analysis.outlook.walk import EMBARGO_STEPS, MIN_SYMBOLS, Walk, standard_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    exchanged = exchange_probability(walk.predictions[record], walk.outcomes[record], seed=seed, draws=draws)
    return Evidence(steps, estimate, one_sided, exchanged, math.nan)


def exchange_probability(predictions: Floats, outcomes: Floats, *, seed: int, draws: int = DRAWS) -> float:
    """Return the share of exchanges of outcomes between symbols whose mean rank correlation is at least that of the
    predictions. One exchange holds for the whole record. Only symbols with at least 270 steps take part: those with fewer
    would rarely be exchanged with a symbol of the same time. Return 1 for fewer than 20 symbols."""
    x, y = standard_rows(predictions, outcomes)
    known = np.isfinite(predictions) & np.isfinite(outcomes)
    used = known.sum(axis=0) >= MIN_RECORD_STEPS
    if used.sum() < MIN_SYMBOLS:
        return 1.0
    x, y, known = x[:, used], y[:, used], known[:, used]
    products = x.T @ y
    shares = known.T @ (known / np.maximum(known.sum(axis=1, keepdims=True), 1))  # of the steps that have both symbols
    symbols = np.arange(len(products))
    generator = np.random.default_rng(seed)

    def correlation(other: NDArray[np.intp]) -> float:
        return float(products[symbols, other].sum() / max(shares[symbols, other].sum(), 1e-12))

    real = correlation(symbols)
    reached = sum(correlation(generator.permutation(symbols)) >= real for _ in range(draws))
    return (1 + reached) / (1 + draws)
