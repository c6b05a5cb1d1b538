"""The quality of a feature as a ranking of later returns. Pure functions of one feature, on arrays (steps, symbols)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.inference import NO_ESTIMATE, MeanEstimate, exchange_probability, mean_estimate
from virtuoso.evaluate.panel import FIVE_MINUTES, Grid, delayed_returns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats
    from virtuoso.evaluate.panel import Flags

MIN_SYMBOLS = 20
"""The minimum number of symbols for a step to count."""
DECILES = 10
DRAWS = 20_000
"""The number of exchanges of outcomes. The smallest p is 1 / DRAWS. It must remain significant after the correction for
some 300 tests."""
EXCHANGE_SEED = 1
MAX_P = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMetrics:
    """The metrics of one feature over one horizon. A figure is NaN where it cannot be computed.

    ic             rank information coefficient, -1..1: Spearman's correlation of score and return over the symbols of a
                   step, averaged over steps
    hit_rate       share of symbols with a non-neutral score whose price moved in the direction of the score, 0-1
    rank_hit_rate  share of symbols that are on the same side of the step's median by score and by return, 0-1. Chance gives
                   0.5 in any market
    deciles        mean return of each tenth by score, lowest first, minus that of all symbols of the step, basis points
    spread         last decile minus the first, basis points
    turnover       mean change of ranks over one horizon: 0 for constant ranks, 1 for independent random ranks
    exchange_p     probability of a coefficient at least as far from 0 when outcomes belong to other symbols. NaN where that
                   of the interval is not below MAX_P, because it then decides alone
    halves         coefficient in the first and the second half of the steps that count
    steps          number of the steps that count
    symbols        mean number of symbols in these steps"""

    ic: MeanEstimate
    hit_rate: float
    rank_hit_rate: float
    deciles: tuple[float, ...]
    spread: MeanEstimate
    turnover: float
    exchange_p: float
    halves: tuple[float, float]
    steps: int
    symbols: float

    @property
    def p(self) -> float:
        """The greater of the two probabilities of a coefficient: of Newey and West, and of exchanged outcomes."""
        return self.ic.p if math.isnan(self.exchange_p) else max(self.ic.p, self.exchange_p)


NO_METRICS = FeatureMetrics(
    ic=NO_ESTIMATE,
    hit_rate=math.nan,
    rank_hit_rate=math.nan,
    deciles=(math.nan,) * DECILES,
    spread=NO_ESTIMATE,
    turnover=math.nan,
    exchange_p=math.nan,
    halves=(math.nan, math.nan),
    steps=0,
    symbols=math.nan,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ForwardReturns:
    """The log returns after each step over one horizon of `steps`, and their ranks. `present` is True for symbols that count
    and have a return. `extra_steps` are those of the grid."""

    steps: int
    extra_steps: int
    returns: Floats
    ranks: Floats
    present: Flags


def forward_returns(price: Floats, counted: Flags, grid: Grid = FIVE_MINUTES) -> dict[str, ForwardReturns]:
    """Return the forward returns by name of the horizon."""
    result = {}
    for name, steps in grid.horizons.items():
        returns = delayed_returns(price, steps, grid.delay_steps)
        present = counted & np.isfinite(returns)
        result[name] = ForwardReturns(
            steps=steps,
            extra_steps=grid.extra_steps,
            returns=returns,
            ranks=ranks(returns, present),
            present=present,
        )
    return result


def ranks(values: NDArray[np.floating], present: Flags) -> Floats:
    """Return the rank of each value among the present values of its row, 0-1: (rank - 1/2) / count. Equal values share the
    mean of their ranks. NaN where a value is not present."""
    ordered = np.where(present, values, np.inf)
    order = np.argsort(ordered, axis=1, kind="stable")
    ordered = np.take_along_axis(ordered, order, axis=1)
    position = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    begins = np.ones(values.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones(values.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, position, values.shape[1])[:, ::-1], axis=1)[:, ::-1]
    result = np.empty(values.shape)
    np.put_along_axis(result, order, (first + last + 1) / 2, axis=1)
    count = present.sum(axis=1, keepdims=True)
    return np.where(present, result / np.maximum(count, 1), np.nan)


def feature_metrics(
    score: NDArray[np.float32], forward: Mapping[str, ForwardReturns], counted: Flags
) -> dict[str, FeatureMetrics]:
    """Return the metrics of one feature by name of the horizon."""
    present = counted & np.isfinite(score)
    score_ranks = ranks(score, present)
    return {name: _horizon_metrics(score, present, score_ranks, returns) for name, returns in forward.items()}


def _horizon_metrics(
    score: NDArray[np.float32], present: Flags, score_ranks: Floats, forward: ForwardReturns
) -> FeatureMetrics:
    both = present & forward.present
    count = both.sum(axis=1)
    rows = np.flatnonzero(count >= MIN_SYMBOLS)
    if not len(rows):
        return NO_METRICS
    both, count = both[rows], count[rows]
    by_score = _ranks_among(both, score_ranks[rows], present[rows], score[rows])
    by_return = _ranks_among(both, forward.ranks[rows], forward.present[rows], forward.returns[rows])
    spread, deciles = _decile_returns(by_score, np.where(both, forward.returns[rows], 0.0), both, count)
    coefficients = _row_correlations(by_score, by_return)
    ranked = both & (by_score != 0.5)
    same_side = ranked & ((by_score > 0.5) == (by_return > 0.5))
    directed = both & (score[rows] != 0) & (forward.returns[rows] != 0)
    hits = directed & ((score[rows] > 0) == (forward.returns[rows] > 0))
    middle = len(rows) // 2
    ic = mean_estimate(_on_clock(coefficients, rows, len(score)), forward.steps, extra_steps=forward.extra_steps)
    return FeatureMetrics(
        ic=ic,
        hit_rate=float(hits.sum() / directed.sum()) if directed.any() else math.nan,
        rank_hit_rate=float(same_side.sum() / ranked.sum()) if ranked.any() else math.nan,
        deciles=deciles,
        spread=mean_estimate(_on_clock(spread, rows, len(score)), forward.steps, extra_steps=forward.extra_steps),
        turnover=_rank_turnover(score_ranks, forward.steps),
        exchange_p=(
            exchange_probability(score_ranks[rows], forward.ranks[rows], draws=DRAWS, seed=EXCHANGE_SEED)
            if ic.p < MAX_P
            else math.nan
        ),
        halves=(_finite_mean(coefficients[:middle]), _finite_mean(coefficients[middle:])),
        steps=len(rows),
        symbols=float(count.mean()),
    )


def _finite_mean(values: Floats) -> float:
    """Return the mean of the finite values, or NaN without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _ranks_among(present: Flags, known: Floats, known_among: Flags, values: NDArray[np.floating]) -> Floats:
    """Return the ranks among the present values. `known` are the ranks among `known_among`. They are reused in rows where
    `known_among` equals `present`."""
    fewer = (known_among != present).any(axis=1)
    if not fewer.any():
        return known
    result = known.copy()
    result[fewer] = ranks(values[fewer], present[fewer])
    return result


def _on_clock(values: Floats, rows: NDArray[np.intp], length: int) -> Floats:
    """Return an array of all steps with the values in `rows`, NaN elsewhere."""
    result = np.full(length, np.nan)
    result[rows] = values
    return result


def _row_correlations(one: Floats, other: Floats) -> Floats:
    """Return Pearson's correlation of each row, NaN where a row does not vary."""
    first = one - np.nanmean(one, axis=1, keepdims=True)
    second = other - np.nanmean(other, axis=1, keepdims=True)
    scale = np.sqrt(np.nansum(first * first, axis=1) * np.nansum(second * second, axis=1))
    return np.where(scale > 1e-12, np.nansum(first * second, axis=1) / np.maximum(scale, 1e-12), np.nan)


def _decile_returns(
    by_score: Floats, returns: Floats, present: Flags, count: NDArray[np.intp]
) -> tuple[Floats, tuple[float, ...]]:
    """Return (spread of each row, mean of each decile over the rows that have it), in basis points."""
    row, column = np.nonzero(present)
    decile = np.minimum((by_score[row, column] * DECILES).astype(np.intp), DECILES - 1)
    cell = row * DECILES + decile
    size = len(by_score) * DECILES
    excess = returns[row, column] - (returns.sum(axis=1) / count)[row]
    total = np.bincount(cell, excess, size).reshape(-1, DECILES)
    members = np.bincount(cell, minlength=size).reshape(-1, DECILES)
    means = np.where(members > 0, total / np.maximum(members, 1), np.nan) * 1e4
    filled = np.isfinite(means)
    overall = np.where(
        filled.any(axis=0), np.where(filled, means, 0.0).sum(axis=0) / np.maximum(filled.sum(axis=0), 1), np.nan
    )
    return means[:, -1] - means[:, 0], tuple(float(each) for each in overall)


def _rank_turnover(score_ranks: Floats, steps: int) -> float:
    """Return the mean change of rank over the horizon, divided by 1/3, the mean change of independent random ranks."""
    if len(score_ranks) <= steps:
        return math.nan
    change = np.abs(score_ranks[steps:] - score_ranks[:-steps])
    return float(3 * np.nanmean(change)) if np.isfinite(change).any() else math.nan
