"""Intervals and probabilities against statsmodels and scipy, and on simulated series without an effect."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy  # type: ignore[import-untyped]  # the package has no types

from virtuoso.analysis.inference import (
    EXTRA_STEPS,
    exchange_probability,
    false_discovery_rates,
    mean_estimate,
    row_medians,
    student_quantile,
    student_tail,
)

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats


def overlapping(rng: np.random.Generator, steps: int, horizon: int) -> Floats:
    """Return the results of a constant exposure on random returns, each over `horizon` steps."""
    noise = rng.normal(size=steps + horizon)
    exposure = np.convolve(noise, 0.98 ** np.arange(200), mode="full")[:steps]
    running = np.concatenate(([0.0], np.cumsum(rng.standard_t(5, steps + horizon))))
    results: Floats = exposure * (running[horizon : horizon + steps] - running[:steps])
    return results


def test_the_standard_error_agrees_with_newey_and_west() -> None:
    import statsmodels.api as sm  # type: ignore[import-untyped]  # noqa: PLC0415 - takes 2 s; only this test needs it

    series = overlapping(np.random.default_rng(3), 2000, 12)
    ours = mean_estimate(series, 12)
    lag = 2 * 12 + EXTRA_STEPS
    theirs = sm.OLS(series, np.ones(len(series))).fit(cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False})
    assert ours.value == pytest.approx(theirs.params[0], rel=1e-9)
    reach = scipy.stats.t.ppf(0.975, 2000 / lag - 1)
    assert (ours.high - ours.low) / 2 == pytest.approx(reach * theirs.bse[0], rel=1e-9)
    assert ours.p == pytest.approx(2 * scipy.stats.t.sf(abs(theirs.tvalues[0]), 2000 / lag - 1), rel=1e-9)


@pytest.mark.parametrize("horizon", [3, 48])
def test_intervals_without_an_effect_contain_zero_with_their_stated_frequency(horizon: int) -> None:
    rng = np.random.default_rng(horizon)
    contains = [
        estimate.low < 0 < estimate.high
        for estimate in (mean_estimate(overlapping(rng, 3000, horizon), horizon) for _ in range(300))
    ]
    assert 0.90 <= np.mean(contains) <= 0.985


def test_a_series_that_is_too_short_has_a_mean_but_no_interval() -> None:
    estimate = mean_estimate(np.ones(100), 48)
    assert estimate.value == 1
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.p)


def test_missing_steps_are_left_out_and_keep_their_position() -> None:
    series = np.full(500, np.nan)
    series[::2] = np.random.default_rng(1).normal(1, 1, 250)
    assert mean_estimate(series, 3).value == pytest.approx(np.nanmean(series))
    assert math.isnan(mean_estimate(np.full(50, np.nan), 3).value)


@pytest.mark.parametrize("freedom", [1, 1.7, 4, 18.9, 250, 4000])
def test_students_t_agrees_with_scipy(freedom: float) -> None:
    for t in (0.0, 0.2, 1.0, 2.5, 7.0, 40.0):
        assert student_tail(t, freedom) == pytest.approx(2 * scipy.stats.t.sf(t, freedom), rel=1e-9, abs=1e-290)
    assert student_quantile(0.95, freedom) == pytest.approx(scipy.stats.t.ppf(0.975, freedom), rel=1e-9)


def test_q_agrees_with_benjamini_and_hochberg_and_nan_is_not_a_test() -> None:
    p = [0.001, 0.04, math.nan, 0.03, 0.9, 0.03, 0.2]
    known = [each for each in p if not math.isnan(each)]
    theirs = iter(scipy.stats.false_discovery_control(known))
    expected = [math.nan if math.isnan(each) else next(theirs) for each in p]
    assert false_discovery_rates(p) == pytest.approx(expected, nan_ok=True)
    assert false_discovery_rates([]) == []


def row_ranks(values: Floats) -> Floats:
    ordered: Floats = np.argsort(np.argsort(values, axis=1), axis=1).astype(np.float64)
    return ordered


def test_the_exchange_of_outcomes_agrees_with_all_exchanges_of_a_few_symbols() -> None:
    rng = np.random.default_rng(4)
    scores, outcomes = (row_ranks(rng.normal(size=(30, 5))) for _ in range(2))
    every = [
        np.mean([scipy.stats.spearmanr(scores[t], outcomes[t, list(order)])[0] for t in range(30)])
        for order in itertools.permutations(range(5))
    ]
    expected = np.mean(np.abs(every) >= abs(every[0]) - 1e-12)
    assert exchange_probability(scores, outcomes, draws=4000, seed=1) == pytest.approx(expected, abs=0.03)
    one_sided = exchange_probability(scores, outcomes, draws=4000, seed=1, two_sided=False)
    assert one_sided == pytest.approx(np.mean(np.array(every) >= every[0] - 1e-12), abs=0.03)


def test_lasting_differences_between_symbols_fool_newey_and_west_but_not_the_exchange() -> None:
    rng = np.random.default_rng(5)
    clear = {"newey_west": 0, "exchange": 0}
    for seed in range(60):
        drift = rng.normal(size=30)  # some symbols rise all the time, and no score knows which
        outcomes = row_ranks(rng.normal(size=(300, 30)) + 0.5 * drift)
        scores = row_ranks(0.02 * np.cumsum(rng.normal(size=(300, 30)), axis=0) + rng.normal(size=30))
        coefficients = np.array([np.corrcoef(scores[t], outcomes[t])[0, 1] for t in range(300)])
        clear["newey_west"] += mean_estimate(coefficients, 1).p < 0.05
        clear["exchange"] += exchange_probability(scores, outcomes, draws=200, seed=seed) < 0.05
    assert clear["newey_west"] > 30
    assert clear["exchange"] <= 7


def test_the_exchange_finds_an_effect_and_leaves_out_what_is_missing() -> None:
    rng = np.random.default_rng(6)
    scores = rng.normal(size=(400, 30))
    outcomes = row_ranks(0.1 * scores + rng.normal(size=(400, 30)))
    ranks = row_ranks(scores)
    ranks[rng.random(ranks.shape) < 0.3] = np.nan
    assert exchange_probability(ranks, outcomes, draws=500, seed=1) == pytest.approx(1 / 501)
    assert math.isnan(exchange_probability(np.full((400, 30), np.nan), outcomes, draws=9, seed=1))


@pytest.mark.parametrize("columns", [0, 1, 2, 7, 50])
def test_medians_of_rows_are_those_of_numpy_and_nan_where_a_row_has_nothing(columns: int) -> None:
    rng = np.random.default_rng(columns)
    values = rng.normal(size=(40, columns))
    values[rng.random(values.shape) < np.linspace(0, 1, 40)[:, None]] = np.nan
    expected = [np.median(present) if len(present := row[np.isfinite(row)]) else np.nan for row in values]
    np.testing.assert_array_equal(row_medians(values), expected)
