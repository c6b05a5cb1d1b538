"""The universe of each step and its four features, as ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.analysis.inference import row_medians
from virtuoso.analysis.outlook.panel import BarPanel
from virtuoso.domain.model import ANCHOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

FEATURES = ("range30", "range1", "stretch7", "stretch1")
MONTH, WEEK, DAY = 180, 42, 6
"""Lengths of windows in steps of 4 hours."""
BARS_NEEDED = MONTH + 1
"""The bars that a symbol needs: 180 returns."""
UNIVERSE_SIZE = 200
MIN_DAILY_TURNOVER = 1e6
"""USDT, the mean of 7 days."""
MIN_RESIDUAL = 1e-5
"""A smaller deviation of residuals is that of BTC itself, or of a price that does not move."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FeaturePanel:
    """What is known at each step. Rows are steps, columns symbols."""

    universe: NDArray[np.bool_]  # True where the symbol is in the universe of the step
    enough_bars: NDArray[np.bool_]  # True where the symbol has BARS_NEEDED bars without a gap
    ranks: Floats  # (steps, symbols, 4), each from -1/2 to 1/2; 0 where a feature is missing or outside the universe
    width: Floats  # root mean square of the returns of 180 bars, less the universe's median return; NaN outside it
    width_ranks: Floats  # from -1/2 to 1/2; NaN outside the universe


def feature_panel(panel: BarPanel, *, universe_size: int = UNIVERSE_SIZE) -> FeaturePanel:
    """Return the universe, the ranked features and the width of moves at each step.

    range30 and range1 are the root mean square of ln(high / low) over 180 and 6 bars. stretch7 and stretch1 are
    (sum of r - beta * sum of r of BTC) / (s * sqrt(k)) over k = 42 and 6 bars: beta and s are slope and deviation of the
    residuals (ddof 0) of one least-squares line of r on BTC's r over 180 bars. No value depends on a later bar."""
    log_close = np.log(panel.close)
    returns = np.full_like(log_close, np.nan)
    returns[1:] = np.diff(log_close, axis=0)
    enough = rolling_sum(np.isfinite(returns).astype(np.float64), MONTH) == MONTH
    turnover = rolling_sum(panel.volume * panel.close, WEEK) / WEEK * DAY
    universe = _largest(np.where(enough & (turnover >= MIN_DAILY_TURNOVER), turnover, np.nan), universe_size)
    squared_range = np.log(panel.high / panel.low) ** 2
    features = (
        np.sqrt(rolling_sum(squared_range, MONTH) / MONTH),
        np.sqrt(rolling_sum(squared_range, DAY) / DAY),
        *_stretches(panel, returns),
    )
    ranks = [rank_rows(np.where(universe, feature, np.nan)) for feature in features]
    medians = row_medians(np.where(universe, returns, np.nan))
    without = np.isnan(medians)
    medians[without] = row_medians(returns[without])
    excess = returns - medians[:, None]
    width = np.where(universe, np.sqrt(rolling_sum(excess**2, MONTH) / MONTH), np.nan)
    return FeaturePanel(
        universe=universe,
        enough_bars=enough,
        ranks=np.nan_to_num(np.stack(ranks, axis=-1)),
        width=width,
        width_ranks=rank_rows(width),
    )


def _stretches(panel: BarPanel, returns: Floats) -> tuple[Floats, Floats]:
    """Return stretch7 and stretch1. NaN where they are absent, and everywhere without BTC."""
    if ANCHOR not in panel.symbols:
        nothing = np.full_like(returns, np.nan)
        return nothing, nothing
    anchor = returns[:, [panel.symbols.index(ANCHOR)]]
    anchor = np.where(np.isfinite(returns), anchor, np.nan)
    mean_x, mean_y, xx, xy, yy = (
        rolling_sum(product, MONTH) / MONTH for product in (anchor, returns, anchor**2, anchor * returns, returns**2)
    )
    covariance = xy - mean_x * mean_y
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = covariance / (xx - mean_x**2)
        residual = np.sqrt(np.maximum(yy - mean_y**2 - beta * covariance, 0))
        residual[~(residual >= MIN_RESIDUAL)] = np.nan
        week, day = (
            (rolling_sum(returns, k) - beta * rolling_sum(anchor, k)) / (residual * np.sqrt(k)) for k in (WEEK, DAY)
        )
    return week, day


def rolling_sum(values: Floats, count: int) -> Floats:
    """Return the sum of the last `count` rows at each row. NaN where there are fewer rows, or one of them is NaN."""
    result = np.full(values.shape, np.nan)
    if len(values) < count:
        return result
    totals = _totals(np.where(np.isfinite(values), values, 0.0))
    present = _totals(np.isfinite(values).astype(np.int32))
    whole = present[count:] - present[:-count] == count
    result[count - 1 :] = np.where(whole, totals[count:] - totals[:-count], np.nan)
    return result


def _totals(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of the rows before each row, and of all. Adding row by row takes a fifth of the time of np.cumsum."""
    totals = np.zeros((len(values) + 1, *values.shape[1:]), dtype=values.dtype)
    for before, row, after in zip(totals[:-1], values, totals[1:], strict=True):
        np.add(before, row, out=after)
    return totals


def _largest(values: Floats, count: int) -> NDArray[np.bool_]:
    """Return True for the `count` largest values of each row. NaN is never among them."""
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), axis=1, kind="stable")
    chosen = np.zeros(values.shape, dtype=np.bool_)
    np.put_along_axis(chosen, order[:, :count], True, axis=1)  # noqa: FBT003
    return chosen & np.isfinite(values)


def rank_rows(values: Floats) -> Floats:
    """Return (rank - 1/2) / n - 1/2 of each value within its row. Ties have their mean rank, NaN remains NaN."""
    rows, columns = values.shape
    if not columns:
        return values.copy()
    order = np.argsort(values, axis=1, kind="stable")  # NaN comes last
    ordered = np.take_along_axis(values, order, axis=1)
    rank: NDArray[Any] = np.broadcast_to(np.arange(columns), values.shape)
    changed = ordered[:, 1:] != ordered[:, :-1]
    if not changed.all():
        end = np.ones((rows, 1), dtype=np.bool_)
        first = np.maximum.accumulate(np.where(np.concatenate([end, changed], axis=1), rank, 0), axis=1)
        last = np.where(np.concatenate([changed, end], axis=1), rank, columns)
        rank = (first + np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]) / 2
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (rank + 0.5) / count - 0.5
    result = np.empty(values.shape)
    np.put_along_axis(result, order, scaled, axis=1)
    return np.where(np.isfinite(values), result, np.nan)
