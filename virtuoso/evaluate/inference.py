"""What a mean over time is worth when its steps overlap, and many tests when they are made at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

LEVEL = 0.95
EXTRA_STEPS = 12  # an hour, beside twice the horizon
TINY = 1e-300
LEAST_LAGS = 3  # times the lag that a series must be long


class Mean(NamedTuple):
    """A mean with its interval at 95 % and the probability of one as far from 0 where there is nothing (two-sided). Interval
    and probability are NaN where the series is too short for them."""

    value: float
    low: float
    high: float
    p: float


NOTHING = Mean(math.nan, math.nan, math.nan, math.nan)


def mean(series: Floats, horizon: int) -> Mean:
    """Mean over time of a series whose steps each look `horizon` steps ahead, NaN where absent.

    Its standard error is Newey and West's (1987), Bartlett weights over twice the horizon and an hour, and its t has as many
    degrees of freedom as there are such lags in the series, less one: on simulated series of no effect with overlapping
    returns and scores that last for days, 93-96 % of these intervals hold 0."""
    there = np.isfinite(series)
    count = int(there.sum())
    if not count:
        return NOTHING
    value = float(series[there].mean())
    lag = 2 * horizon + EXTRA_STEPS
    freedom = count / lag - 1
    if count < LEAST_LAGS * lag:
        return Mean(value, math.nan, math.nan, math.nan)
    away = np.where(there, series - value, 0.0)  # an absent step adds nothing, and keeps its place
    spectrum = np.fft.rfft(away, 2 * len(away))
    products = np.fft.irfft(spectrum * np.conj(spectrum), 2 * len(away))[: lag + 1]
    variance = float(products[0] + 2 * ((1 - np.arange(1, lag + 1) / (lag + 1)) @ products[1:]))
    error = math.sqrt(max(variance, 0.0)) / count
    if not error > 0:
        return Mean(value, value, value, 1.0 if value == 0 else 0.0)
    reach = student_reach(LEVEL, freedom) * error
    return Mean(value, value - reach, value + reach, student_tail(abs(value) / error, freedom))


def student_tail(t: float, freedom: float) -> float:
    """Probability that |T| >= t, for Student's T with `freedom` degrees: I_x(freedom / 2, 1/2) at x = freedom / (freedom +
    t^2) (Abramowitz and Stegun 26.7.1), by the continued fraction 26.5.8 in Lentz's way."""
    x = freedom / (freedom + t * t)
    a, b = freedom / 2, 0.5
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _off_zero(1.0 - (a + b) * x / (a + 1))
    made = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _off_zero(1.0 + term * d)
            c = _off_zero(1.0 + term / c)
            made *= c * d
        if abs(c * d - 1.0) < 1e-13:
            break
    return made


def _off_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def student_reach(level: float, freedom: float) -> float:
    """The t that |T| stays below with probability `level`, by bisection."""
    low, high = 0.0, 1e9
    while high - low > 1e-10 * (1 + low):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, freedom) > 1 - level else (low, middle)
    return high


def discovered(probabilities: Sequence[float]) -> list[float]:
    """The q of each p: the share of false ones among all that are as clear (Benjamini and Hochberg 1995, JRSS B 57). NaN
    stays NaN and is no test."""
    p = np.asarray(probabilities, dtype=np.float64)
    tests = np.flatnonzero(np.isfinite(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    q = np.full(len(p), np.nan)
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(each) for each in q]
