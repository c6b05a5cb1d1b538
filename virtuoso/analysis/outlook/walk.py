"""Out-of-sample predictions: each step is predicted by a ridge that was fitted before, on outcomes that had ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.inference import row_medians
from virtuoso.analysis.outlook.features import BARS_NEEDED, DAY, FEATURES, FeaturePanel, rank_rows
from virtuoso.analysis.outlook.panel import STEP_MS, BarPanel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

TRAINING_STEPS = 1_080
MIN_TRAINING_STEPS = 270
EMBARGO_STEPS = DAY
"""An outcome must have ended this number of steps before a fit that uses it."""
REFIT_STEPS = DAY
MIN_SYMBOLS = 20
RIDGE = 0.1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Walk:
    """The predictions of one horizon and what followed. Rows are steps, columns symbols. NaN where there is none."""

    horizon: int  # in steps
    first: int  # the first predicted step
    predictions: Floats
    outcomes: Floats  # rank of the log return of the horizon within the universe, -1/2 to 1/2
    excess: Floats  # the log return less the universe's median
    information: Floats  # (steps,): rank correlation of predictions and outcomes
    coefficients: Floats  # (4,): of the newest fit

    @property
    def matured(self) -> int:
        """Return the end of the steps whose outcome has ended by the last step."""
        return max(len(self.predictions) - self.horizon, 0)


def walk(panel: BarPanel, features: FeaturePanel, horizon: int, *, first: int | None = None) -> Walk | None:
    """Return the predictions from step `first` on, by default from the first that can have one. Return None when there is
    none.

    A fit is a ridge with lambda = 0.1 * trace(A) / 4. Each step has the same weight. It uses the last 1,080 steps whose
    outcome had ended 6 steps before, at least 270. There is a new fit at each step that opens at 00:00 UTC."""
    steps = len(panel)
    log_close = np.log(panel.close)
    moves = np.full_like(log_close, np.nan)
    if horizon < steps:
        moves[:-horizon] = log_close[horizon:] - log_close[:-horizon]
    moves = np.where(features.universe, moves, np.nan)
    moves[np.isfinite(moves).sum(axis=1) < MIN_SYMBOLS] = np.nan
    outcomes = rank_rows(moves)
    earliest = BARS_NEEDED - 1 + MIN_TRAINING_STEPS + EMBARGO_STEPS + horizon - 1
    first = earliest if first is None else max(first, earliest)
    if first >= steps:
        return None
    fits = _coefficients(features.ranks, outcomes, horizon, refits(panel, first))
    predictions = np.full_like(log_close, np.nan)
    predictions[first:] = np.einsum("tsk,tk->ts", features.ranks[first:], fits)
    predictions = np.where(features.universe, predictions, np.nan)
    return Walk(
        horizon=horizon,
        first=first,
        predictions=predictions,
        outcomes=outcomes,
        excess=moves - row_medians(moves)[:, None],
        information=row_correlations(predictions, outcomes),
        coefficients=fits[-1],
    )


def refits(panel: BarPanel, first: int) -> NDArray[np.intp]:
    """Return the step of the fit that each step from `first` on uses: the newest one at 00:00 UTC, or `first`."""
    steps = np.arange(first, len(panel))
    of_day = (panel.open_ms[first:] // STEP_MS % REFIT_STEPS).astype(np.intp)
    fits: NDArray[np.intp] = np.maximum(steps - of_day, first)
    return fits


def _coefficients(ranks: Floats, outcomes: Floats, horizon: int, fit_steps: NDArray[np.intp]) -> Floats:
    """Return the coefficients of the fit at each of `fit_steps`, shape (steps, 4)."""
    known = np.isfinite(outcomes)
    count = np.maximum(known.sum(axis=1), 1)[:, None]
    inputs = np.where(known[:, :, None], ranks, 0.0)
    weighted = inputs / count[:, :, None]
    moments = np.einsum("tsk,tsl->tkl", weighted, inputs)
    products = np.einsum("tsk,ts->tk", weighted, np.nan_to_num(outcomes))
    result = np.empty((len(fit_steps), len(FEATURES)))
    fitted: dict[int, Floats] = {}
    for row, step in enumerate(fit_steps.tolist()):
        if step not in fitted:
            end = step - horizon - EMBARGO_STEPS + 1
            used = slice(max(end - TRAINING_STEPS, 0), end)
            a, b = moments[used].sum(axis=0), products[used].sum(axis=0)
            ridge = RIDGE * np.trace(a) / len(FEATURES)
            fitted[step] = np.linalg.solve(a + ridge * np.eye(len(FEATURES)), b) if ridge > 0 else np.zeros(len(FEATURES))
        result[row] = fitted[step]
    return result


def row_correlations(predictions: Floats, outcomes: Floats) -> Floats:
    """Return the rank correlation of predictions and outcomes in each row. NaN for fewer than 20 symbols."""
    x, y = standard_rows(predictions, outcomes)
    result: Floats = (x * y).sum(axis=1)
    few = (np.isfinite(predictions) & np.isfinite(outcomes)).sum(axis=1) < MIN_SYMBOLS
    result[few | ~x.any(axis=1) | ~y.any(axis=1)] = np.nan
    return result


def standard_rows(predictions: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """Return the ranks of both in each row, with mean 0 and length 1. A symbol that lacks one of them is 0."""
    both = np.isfinite(predictions) & np.isfinite(outcomes)
    result = []
    for values in (predictions, outcomes):
        ranks = rank_rows(np.where(both, values, np.nan))
        length = np.sqrt(np.nansum(ranks**2, axis=1, keepdims=True))
        result.append(np.nan_to_num(ranks / np.where(length > 0, length, 1.0)))
    return result[0], result[1]
