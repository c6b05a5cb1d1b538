"""An effect that a test adds is found. Noise is not. A return that could not be traded does not count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy  # type: ignore[import-untyped]  # the package has no types

from virtuoso.evaluate import feature_metrics as module
from virtuoso.evaluate.confidence import confidence_results
from virtuoso.evaluate.feature_metrics import feature_metrics, forward_returns, ranks
from virtuoso.evaluate.panel import FIVE_MINUTES, Feature, FeatureKind, Panel, baselines, delayed_returns
from virtuoso.evaluate.results import Conclusion, FeatureResult, feature_results, market_returns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

STEPS, SYMBOLS = 3000, 40
RNG = np.random.default_rng(11)
MOVES = 0.002 * RNG.standard_t(5, (STEPS, SYMBOLS))
PRICE: Floats = 10 * np.exp(np.cumsum(MOVES, axis=0))
COUNTED = np.ones(PRICE.shape, dtype=bool)
FORWARD = forward_returns(PRICE)
SCORE = Feature("score", FeatureKind.TOTAL)


def results_of(score: Floats) -> dict[str, FeatureResult]:
    metrics = feature_metrics(score.astype(np.float32), FORWARD, COUNTED)
    return {each.horizon: each for each in feature_results({SCORE: metrics})}


def noise(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=PRICE.shape)


def test_a_return_begins_one_step_after_its_score() -> None:
    price = np.array([[1.0], [2.0], [4.0], [16.0], [np.nan], [3.0]])
    computed = delayed_returns(price, 2)[:, 0].tolist()
    assert computed == pytest.approx([math.log(8), math.nan, math.log(3 / 16), *[math.nan] * 3], nan_ok=True)
    assert delayed_returns(price, 99).shape == price.shape


def test_an_added_effect_is_found_and_returns_grow_with_the_deciles() -> None:
    planted = np.nan_to_num(delayed_returns(PRICE, 12)) / 0.007 + 8 * noise(1)
    one = results_of(planted)["1 h"]
    assert one.conclusion is Conclusion.PREDICTIVE
    assert one.metrics.ic.low > 0.05
    assert one.metrics.spread.low > 0
    assert np.corrcoef(one.metrics.deciles, range(10))[0, 1] > 0.9
    assert one.metrics.rank_hit_rate > 0.52
    assert results_of(-planted)["1 h"].conclusion is Conclusion.INVERSE


def test_noise_has_no_significant_result() -> None:
    steady = np.cumsum(noise(2), axis=0)  # stable ranks, the hardest case for an interval
    for score in (noise(3), steady):
        assert {each.conclusion for each in results_of(score).values()} <= {Conclusion.INSIGNIFICANT, Conclusion.UNTESTABLE}


def test_a_score_that_knows_the_next_bar_shows_nothing_and_one_that_knows_the_return_predicts() -> None:
    next_bar = np.roll(MOVES, -1, axis=0)  # not tradable, because it ends where the return begins
    first_bar = np.roll(MOVES, -2, axis=0)  # a leak, because it is part of the return
    assert results_of(next_bar)["15 m"].conclusion is Conclusion.INSIGNIFICANT
    leak = results_of(first_bar)["15 m"]
    assert leak.conclusion is Conclusion.PREDICTIVE
    assert leak.metrics.ic.value > 0.5


def test_baselines_use_only_the_past_and_shuffled_symbols_never_get_their_own_score() -> None:
    score = noise(4).astype(np.float32)
    panel = Panel(
        clock_ms=np.arange(STEPS, dtype=np.int64),
        symbols=tuple("ABC"),
        price=PRICE[:, :3],
        counted=COUNTED[:, :3],
        scores={SCORE: score[:, :3]},
    )
    computed = {feature.name: table[:] for feature, table in baselines(panel, SCORE, seed=5).items()}
    assert np.allclose(computed["momentum_1h"][12:], np.log(PRICE[12:, :3] / PRICE[:-12, :3]), atol=1e-5)
    assert np.isnan(computed["momentum_24h"][:288]).all()
    for column in range(3):
        sources = [other for other in range(3) if np.array_equal(computed["shuffled_symbols"][:, column], score[:, other])]
        assert len(sources) == 1
        assert sources != [column]
    again = {feature.name: table[:] for feature, table in baselines(panel, SCORE, seed=5).items()}
    assert np.array_equal(computed["shuffled_symbols"], again["shuffled_symbols"])


def test_ranks_and_coefficients_agree_with_scipy_with_ties_and_gaps() -> None:
    score = np.round(noise(6)[:60], 1)
    score[noise(7)[:60] > 1] = np.nan
    present = np.isfinite(score)
    computed = ranks(score, present)
    for row in range(60):
        known = present[row]
        assert computed[row, known] == pytest.approx((scipy.stats.rankdata(score[row, known]) - 0.5) / known.sum())
        assert np.isnan(computed[row, ~known]).all()
    price = PRICE[:60]
    metrics = feature_metrics(score.astype(np.float32), forward_returns(price), COUNTED[:60])["15 m"]
    after = delayed_returns(price, 3)
    each = [scipy.stats.spearmanr(score[r, present[r]], after[r, present[r]])[0] for r in range(60 - 4)]
    assert metrics.ic.value == pytest.approx(np.mean(each))
    assert metrics.steps == 56


def test_steps_in_blocks_have_the_metrics_of_all_steps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    score = np.nan_to_num(delayed_returns(PRICE, 12)) / 0.007 + 8 * noise(1)
    score[noise(2) > 1] = np.nan
    panel = Panel(clock_ms=np.arange(STEPS), symbols=("X",) * SYMBOLS, price=PRICE, counted=COUNTED, scores={SCORE: score})
    results = []
    for steps in (STEPS, 200):
        monkeypatch.setattr(module, "BLOCK_STEPS", steps)
        tables = [score.astype(np.float32), *baselines(panel, SCORE, seed=5).values()]
        results.append([astuple(one) for table in tables for one in feature_metrics(table, FORWARD, COUNTED).values()])
        results[-1] += [astuple(one.ranking) for one in confidence_results(FIVE_MINUTES, score, noise(3), COUNTED)]
        results[-1].append(tuple(market_returns(FORWARD, COUNTED).items()))
    assert list(flat(results[0])) == pytest.approx(list(flat(results[1])), nan_ok=True)


def flat(values: Iterable[Any]) -> Iterator[float]:
    for one in values:
        if isinstance(one, str):
            continue
        yield from flat(one) if isinstance(one, list | tuple) else (float(one),)


def test_a_step_with_few_symbols_does_not_count() -> None:
    few = noise(8)
    few[:, 15:] = np.nan
    assert all(each.conclusion is Conclusion.UNTESTABLE for each in results_of(few).values())
    assert all(each.metrics.steps == 0 for each in results_of(few).values())


def test_turnover_is_zero_for_constant_ranks_and_one_for_random_ranks() -> None:
    still: NDArray[np.float64] = np.tile(np.arange(SYMBOLS, dtype=np.float64), (STEPS, 1))
    assert results_of(still)["4 h"].metrics.turnover == 0
    assert results_of(noise(9))["4 h"].metrics.turnover == pytest.approx(1, abs=0.02)


def test_the_hit_rate_leaves_out_neutral_scores() -> None:
    knowing = np.sign(np.nan_to_num(delayed_returns(PRICE, 3)))
    knowing[:, ::2] = 0
    assert results_of(knowing)["15 m"].metrics.hit_rate == 1
    assert results_of(-knowing)["15 m"].metrics.hit_rate == 0


def test_among_many_tests_without_an_effect_few_are_significant() -> None:
    metrics = {
        Feature(f"n{n}", FeatureKind.COMPONENT): feature_metrics(noise(100 + n).astype(np.float32), FORWARD, COUNTED)
        for n in range(15)
    }
    clear = [f for f in feature_results(metrics) if f.conclusion in {Conclusion.PREDICTIVE, Conclusion.INVERSE}]
    assert len(feature_results(metrics)) == 15 * len(FIVE_MINUTES.horizons)
    assert not clear
