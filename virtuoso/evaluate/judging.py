"""How well a score orders what comes after it: pure, one score at a time, on arrays (steps, symbols)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.evaluate.inference import NOTHING, Mean, mean
from virtuoso.evaluate.panel import HORIZONS, returns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats
    from virtuoso.evaluate.panel import Flags

LEAST_SYMBOLS = 20  # at a step, for it to say anything
DECILES = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """One score over one horizon.

    `ic`: rank correlation (Spearman) of score and return over the symbols of a step, mean over steps, -1..1. `hits`: share
    of symbols with a score off neutral whose price went its way, 0-1. `hits_in_rank`: share on the same side of the step's
    middle by score as by return: here 0.5 is chance whatever the market did. `deciles`: mean return less that of all
    symbols of the step, in basis points, of the tenths by score, lowest first; `spread`: the last less the first.
    `turnover` of ranks from a step to one horizon later: 0 they stand still, 1 as if drawn anew. `halves`: the coefficient
    in the first and in the second half of the steps that counted, of which there are `steps`, with `symbols` in them on
    average. Figures are NaN where nothing can be said."""

    ic: Mean
    hits: float
    hits_in_rank: float
    deciles: tuple[float, ...]
    spread: Mean
    turnover: float
    halves: tuple[float, float]
    steps: int
    symbols: float


ABSENT = Judgement(NOTHING, math.nan, math.nan, (math.nan,) * DECILES, NOTHING, math.nan, (math.nan, math.nan), 0, math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came after each step, over one horizon: log `returns` of the symbols that count, and their `ranks`."""

    steps: int
    returns: Floats
    ranks: Floats
    there: Flags


def outcomes(price: Floats, counts: Flags) -> dict[str, Outcome]:
    """Of every horizon."""
    made = {}
    for name, steps in HORIZONS.items():
        after = returns(price, steps)
        there = counts & np.isfinite(after)
        made[name] = Outcome(steps, after, ranks(after, there), there)
    return made


def ranks(values: NDArray[np.floating], there: Flags) -> Floats:
    """Place of each value in its row among those that are there, 0-1: (rank - 1/2) / count; equal ones share the mean of
    their ranks. NaN where it is not there."""
    ordered = np.where(there, values, np.inf)
    order = np.argsort(ordered, axis=1, kind="stable")
    ordered = np.take_along_axis(ordered, order, axis=1)
    place = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    begins = np.ones(values.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones(values.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, values.shape[1])[:, ::-1], axis=1)[:, ::-1]
    made = np.empty(values.shape)
    np.put_along_axis(made, order, (first + last + 1) / 2, axis=1)
    count = there.sum(axis=1, keepdims=True)
    return np.where(there, made / np.maximum(count, 1), np.nan)


def judge(score: NDArray[np.float32], after: Mapping[str, Outcome], counts: Flags) -> dict[str, Judgement]:
    """One score against what came after it, over every horizon."""
    there = counts & np.isfinite(score)
    own = ranks(score, there)
    return {name: _judged(score, there, own, outcome) for name, outcome in after.items()}


def _judged(score: NDArray[np.float32], there: Flags, own: Floats, outcome: Outcome) -> Judgement:
    both = there & outcome.there
    count = both.sum(axis=1)
    rows = np.flatnonzero(count >= LEAST_SYMBOLS)
    if not len(rows):
        return ABSENT
    both, count = both[rows], count[rows]
    mine = _ranked_again(own[rows], there[rows], score[rows], both)
    theirs = _ranked_again(outcome.ranks[rows], outcome.there[rows], outcome.returns[rows], both)
    spread, deciles = _deciles(mine, np.where(both, outcome.returns[rows], 0.0), both, count)
    length, coefficients = len(score), _correlations(mine, theirs)
    same = both & (mine != 0.5) & ((mine > 0.5) == (theirs > 0.5))
    sure = both & (score[rows] != 0) & (outcome.returns[rows] != 0)
    right = sure & ((score[rows] > 0) == (outcome.returns[rows] > 0))
    return Judgement(
        ic=mean(_placed(coefficients, rows, length), outcome.steps),
        hits=float(right.sum() / sure.sum()) if sure.any() else math.nan,
        hits_in_rank=float(same.sum() / (both & (mine != 0.5)).sum()),
        deciles=deciles,
        spread=mean(_placed(spread, rows, length), outcome.steps),
        turnover=_turnover(own, outcome.steps),
        halves=(_mean(coefficients[: len(rows) // 2]), _mean(coefficients[len(rows) // 2 :])),
        steps=len(rows),
        symbols=float(count.mean()),
    )


def _mean(values: Floats) -> float:
    """Of those that are there; NaN without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _ranked_again(known: Floats, among: Flags, values: NDArray[np.floating], there: Flags) -> Floats:
    """The ranks that are known, made anew in the rows where fewer are there than they were made among."""
    fewer = (among != there).any(axis=1)
    if not fewer.any():
        return known
    made = known.copy()
    made[fewer] = ranks(values[fewer], there[fewer])
    return made


def _placed(values: Floats, rows: NDArray[np.intp], length: int) -> Floats:
    """On the whole clock: steps that do not count keep their place."""
    made = np.full(length, np.nan)
    made[rows] = values
    return made


def _correlations(one: Floats, other: Floats) -> Floats:
    """Pearson's correlation of each row, NaN where a row does not vary."""
    first = one - np.nanmean(one, axis=1, keepdims=True)
    second = other - np.nanmean(other, axis=1, keepdims=True)
    scale = np.sqrt(np.nansum(first * first, axis=1) * np.nansum(second * second, axis=1))
    return np.where(scale > 1e-12, np.nansum(first * second, axis=1) / np.maximum(scale, 1e-12), np.nan)


def _deciles(mine: Floats, after: Floats, both: Flags, count: NDArray[np.intp]) -> tuple[Floats, tuple[float, ...]]:
    """(spread of each row, mean of each decile over the rows that have it), in basis points."""
    row, column = np.nonzero(both)
    bucket = np.minimum((mine[row, column] * DECILES).astype(np.intp), DECILES - 1)
    place = row * DECILES + bucket
    size = len(mine) * DECILES
    excess = after[row, column] - (after.sum(axis=1) / count)[row]
    total = np.bincount(place, excess, size).reshape(-1, DECILES)
    held = np.bincount(place, minlength=size).reshape(-1, DECILES)
    means = np.where(held > 0, total / np.maximum(held, 1), np.nan) * 1e4
    filled = np.isfinite(means)
    whole = np.where(
        filled.any(axis=0), np.where(filled, means, 0.0).sum(axis=0) / np.maximum(filled.sum(axis=0), 1), np.nan
    )
    return means[:, -1] - means[:, 0], tuple(float(each) for each in whole)


def _turnover(own: Floats, steps: int) -> float:
    """Mean change of rank over the horizon, over 1/3, which is that of ranks drawn anew."""
    if len(own) <= steps:
        return math.nan
    change = np.abs(own[steps:] - own[:-steps])
    return float(3 * np.nanmean(change)) if np.isfinite(change).any() else math.nan
