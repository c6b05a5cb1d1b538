"""Statistics for means of time series with overlapping steps, for multiple tests, and medians of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

LEVEL = 0.95
EXTRA_STEPS = 12
"""The steps of 5 minutes in an hour. They are added to twice the horizon."""
TINY = 1e-300
MIN_LAGS = 3
"""The minimum length of a series, in lags."""


class MeanEstimate(NamedTuple):
    """A mean with its 95 % interval (`low`, `high`). Without an effect, a mean at least this far from 0 has probability `p`.
    Interval and p are NaN when the series is too short."""

    value: float
    low: float
    high: float
    p: float


NO_ESTIMATE = MeanEstimate(math.nan, math.nan, math.nan, math.nan)


def mean_estimate(series: Floats, horizon: int, *, extra_steps: int = EXTRA_STEPS) -> MeanEstimate:
    """Return the estimate of the mean of a series in which each step covers the next `horizon` steps. NaN marks missing
    steps.

    The standard error is that of Newey and West (1987), with Bartlett weights. The lag is twice the horizon plus
    `extra_steps`.
    The t statistic has (number of steps / lag) - 1 degrees of freedom. On simulated series without effect, with overlapping
    returns and scores that persist for days, 93-96 % of these intervals contain 0."""
    present = np.isfinite(series)
    count = int(present.sum())
    if not count:
        return NO_ESTIMATE
    value = float(series[present].mean())
    lag = 2 * horizon + extra_steps
    freedom = count / lag - 1
    if count < MIN_LAGS * lag:
        return MeanEstimate(value, math.nan, math.nan, math.nan)
    away = np.where(present, series - value, 0.0)  # a missing step adds nothing but keeps its position in time
    spectrum = np.fft.rfft(away, 2 * len(away))
    products = np.fft.irfft(spectrum * np.conj(spectrum), 2 * len(away))[: lag + 1]
    variance = float(products[0] + 2 * ((1 - np.arange(1, lag + 1) / (lag + 1)) @ products[1:]))
    error = math.sqrt(max(variance, 0.0)) / count
    if not error > 0:
        return MeanEstimate(value, value, value, 1.0 if value == 0 else 0.0)
    reach = student_quantile(LEVEL, freedom) * error
    return MeanEstimate(value, value - reach, value + reach, student_tail(abs(value) / error, freedom))


def student_tail(t: float, freedom: float) -> float:
    """Return the probability that |T| >= t, for Student's T with `freedom` degrees of freedom: I_x(freedom / 2, 1/2) at
    x = freedom / (freedom + t^2) (Abramowitz and Stegun 26.7.1). The incomplete beta function is the continued fraction
    26.5.8, evaluated by Lentz's method."""
    x = freedom / (freedom + t * t)
    a, b = freedom / 2, 0.5
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1.0 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _off_zero(1.0 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _off_zero(1.0 + term * d)
            c = _off_zero(1.0 + term / c)
            result *= c * d
        if abs(c * d - 1.0) < 1e-13:
            break
    return result


def _off_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def student_quantile(level: float, freedom: float) -> float:
    """Return the t with P(|T| < t) = `level`, found by bisection."""
    low, high = 0.0, 1e9
    while high - low > 1e-10 * (1 + low):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, freedom) > 1 - level else (low, middle)
    return high


def exchange_probability(scores: Floats, outcomes: Floats, *, draws: int, seed: int, two_sided: bool = True) -> float:
    """Return the probability of a coefficient at least as far from 0 (or, one-sided, as high) when the outcomes belong to
    other symbols. Both arrays are ranks of shape (steps, symbols), NaN where missing.

    Each draw gives every symbol the outcomes of another one, the same for the whole record. So both keep their
    persistence, which the standard error of Newey and West underestimates: random walks reach t = 6 with it. The
    statistic is the sum of the products of standardised ranks over the number of pairs. Its sum over all steps is one
    matrix, of which a draw adds up one entry of each row. NaN without any pair. (Permutation test, Fisher 1935; one
    permutation for all steps.)"""
    return sums_probability(*exchange_sums(scores, outcomes), draws=draws, seed=seed, two_sided=two_sided)


def exchange_sums(scores: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """Return (sums of the products of standardised ranks, numbers of pairs) over all steps, for each symbol's score with
    each symbol's outcome. The sums of several parts of a record add up."""
    z, has_z = _standardised(scores)
    y, has_y = _standardised(outcomes)
    return z.T @ y, has_z.T @ has_y


def sums_probability(products: Floats, pairs: Floats, *, draws: int, seed: int, two_sided: bool = True) -> float:
    """Return `exchange_probability` from the result of `exchange_sums`."""
    symbols = np.arange(len(products))
    if not np.trace(pairs):
        return math.nan
    actual = np.trace(products) / np.trace(pairs)
    orders = _orders(len(symbols), draws, seed)
    total = pairs[symbols, orders].sum(axis=1)
    drawn = products[symbols, orders].sum(axis=1) / np.maximum(total, 1.0)
    as_far = np.abs(drawn) >= abs(actual) if two_sided else drawn >= actual
    return float(1 + as_far.sum()) / (draws + 1)


@lru_cache(maxsize=1)
def _orders(symbols: int, draws: int, seed: int) -> NDArray[np.intp]:
    """Return `draws` orders of the symbols. They are kept, because a report tests hundreds of features with the same."""
    order = np.broadcast_to(np.arange(symbols), (draws, symbols))
    return np.random.default_rng(seed).permuted(order, axis=1)


def _standardised(ranks: Floats) -> tuple[Floats, Floats]:
    """Return (ranks with mean 0 and variance 1 in each row, 1 where a rank is present). Both are 0 where it is missing."""
    present = np.isfinite(ranks)
    count = np.maximum(present.sum(axis=1, keepdims=True), 1)
    values = np.where(present, ranks, 0.0)
    away = np.where(present, values - values.sum(axis=1, keepdims=True) / count, 0.0)
    scale = np.sqrt((away * away).sum(axis=1, keepdims=True) / count)
    return np.where(scale > 1e-12, away / np.maximum(scale, 1e-12), 0.0), present.astype(np.float64)


def false_discovery_rates(probabilities: Sequence[float]) -> list[float]:
    """Return the q of each p: the expected share of false results among all results with at most this p (Benjamini and
    Hochberg 1995, JRSS B 57). NaN remains NaN and does not count as a test."""
    p = np.asarray(probabilities, dtype=np.float64)
    tests = np.flatnonzero(np.isfinite(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    q = np.full(len(p), np.nan)
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(each) for each in q]


def row_medians(values: Floats) -> Floats:
    """Return the median of each row without its NaN. NaN where nothing else is in it. np.nanmedian takes several times as
    long."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    count = values.shape[1] - np.isnan(values).sum(axis=1, keepdims=True)
    middle = np.concatenate([np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[1] - 1)], axis=1)
    return np.asarray(np.take_along_axis(np.sort(values, axis=1), middle, axis=1).mean(axis=1))  # NaN is sorted to the end
