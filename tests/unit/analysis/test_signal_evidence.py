"""What closed signals show, beside random entries."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy  # type: ignore[import-untyped]  # the package has no types

from virtuoso.analysis.signal_evidence import mean_result, signal_evidence
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.records import MeanResult, Side, SignalResult, SignalVerdict


def results(count: int, edge: float, *, seed: int = 5, a_day: int = 4) -> list[SignalResult]:
    """Return results that are better than their random entries by `edge` R in the mean."""
    draws = np.random.default_rng(seed).normal(0, 1, (count, 2)).tolist()
    return [
        SignalResult(Side.LONG, (), net + edge + 0.1, net + edge, baseline, n // a_day * DAY_MS)
        for n, (net, baseline) in enumerate(draws)
    ]


def test_the_interval_is_clustered_by_day() -> None:
    values = [(0, 1.0), (0, 2.0), (DAY_MS, -1.0), (2 * DAY_MS, 0.5), (3 * DAY_MS, 0.0), (4 * DAY_MS, -0.5)]
    found = mean_result(values)
    mean = 2 / 6
    by_day = [1.0 + 2.0 - 2 * mean, -1 - mean, 0.5 - mean, -mean, -0.5 - mean]
    error = math.sqrt(5 / 4 * sum(each**2 for each in by_day)) / 6
    reach = scipy.stats.t.ppf(0.975, 4) * error
    assert (found.count, found.mean, found.low) == pytest.approx((6, mean, mean - reach))
    assert found.high == pytest.approx(mean + reach)
    assert mean_result(values[:4]).low is None
    assert mean_result([]) == MeanResult(0, None, None, None)


def test_a_difference_that_is_not_chance_is_shown_and_chance_is_not() -> None:
    verdicts = {edge: signal_evidence(results(200, edge)) for edge in (1.0, 0.0, -1.0)}
    words = {1.0: "shown to be better", 0.0: "Nothing is shown: ", -1.0: "shown to be worse"}
    for edge, found in verdicts.items():
        assert found is not None
        assert words[edge] in found.sentence
        assert found.verdict is {1.0: SignalVerdict.BETTER, 0.0: SignalVerdict.NOTHING_SHOWN}.get(edge, SignalVerdict.WORSE)
        assert found.net.count == found.baseline.count == found.difference.count == 200
    by_chance = [signal_evidence(results(60, 0.0, seed=seed)) for seed in range(100)]
    shown = sum(one is not None and one.verdict is not SignalVerdict.NOTHING_SHOWN for one in by_chance)
    assert shown <= 10


def test_few_signals_few_days_and_signals_without_a_random_entry_show_nothing() -> None:
    for few in (results(29, 2.0, a_day=1), results(60, 2.0, a_day=30)):
        found = signal_evidence(few)
        assert found is not None
        assert found.verdict is SignalVerdict.NOTHING_SHOWN
        assert found.sentence.startswith("Nothing is shown yet")
    found = signal_evidence([one._replace(baseline_r=None) for one in results(50, 2.0)])
    assert found is not None
    assert (found.net.count, found.baseline.count, found.baseline.mean) == (50, 0, None)
    assert signal_evidence([one._replace(net_r=None) for one in results(3, 0.0)]) is None
