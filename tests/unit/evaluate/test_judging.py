"""What is planted is found, what is not there is not, and what could not have been traded does not count."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]  # it has no types

from virtuoso.evaluate.findings import Finding, Verdict, findings
from virtuoso.evaluate.judging import judge, outcomes, ranks
from virtuoso.evaluate.panel import HORIZONS, Kind, Named, Panel, baselines, returns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

STEPS, SYMBOLS = 3000, 40
RNG = np.random.default_rng(11)
MOVES = 0.002 * RNG.standard_t(5, (STEPS, SYMBOLS))
PRICE: Floats = 10 * np.exp(np.cumsum(MOVES, axis=0))
COUNTS = np.ones(PRICE.shape, dtype=bool)
AFTER = outcomes(PRICE, COUNTS)
SCORE = Named("score", Kind.TOTAL)


def found(score: Floats) -> dict[str, Finding]:
    judged = judge(score.astype(np.float32), AFTER, COUNTS)
    return {each.horizon: each for each in findings({SCORE: judged})}


def noise(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=PRICE.shape)


def test_a_return_begins_one_step_after_its_score() -> None:
    price = np.array([[1.0], [2.0], [4.0], [16.0], [np.nan], [3.0]])
    made = returns(price, 2)[:, 0].tolist()
    assert made == pytest.approx([math.log(8), math.nan, math.log(3 / 16), *[math.nan] * 3], nan_ok=True)
    assert returns(price, 99).shape == price.shape


def test_a_planted_prediction_is_found_and_grows_over_the_tenths() -> None:
    planted = np.nan_to_num(returns(PRICE, 12)) / 0.007 + 8 * noise(1)
    one = found(planted)["1 h"]
    assert one.verdict is Verdict.PREDICTS
    assert one.judgement.ic.low > 0.05
    assert one.judgement.spread.low > 0
    assert np.corrcoef(one.judgement.deciles, range(10))[0, 1] > 0.9
    assert one.judgement.hits_in_rank > 0.52
    assert found(-planted)["1 h"].verdict is Verdict.OPPOSITE


def test_noise_shows_nothing() -> None:
    steady = np.cumsum(noise(2), axis=0)  # ranks that last: the hardest case for an interval
    for score in (noise(3), steady):
        assert {each.verdict for each in found(score).values()} <= {Verdict.NOTHING, Verdict.UNKNOWN}


def test_knowing_the_bar_before_the_return_begins_is_worth_nothing_and_one_bar_more_everything() -> None:
    next_bar = np.roll(MOVES, -1, axis=0)  # not tradable: it ends where the return begins
    first_bar = np.roll(MOVES, -2, axis=0)  # a leak: it is in the return
    assert found(next_bar)["15 m"].verdict is Verdict.NOTHING
    leak = found(first_bar)["15 m"]
    assert leak.verdict is Verdict.PREDICTS
    assert leak.judgement.ic.value > 0.5


def test_baselines_know_the_past_only_and_the_lot_is_about_others() -> None:
    score = noise(4).astype(np.float32)
    panel = Panel(np.arange(STEPS, dtype=np.int64), tuple("ABC"), PRICE[:, :3], COUNTS[:, :3], {SCORE: score[:, :3]})
    made = {named.name: values for named, values in baselines(panel, SCORE, seed=5).items()}
    assert np.allclose(made["momentum_1h"][12:], np.log(PRICE[12:, :3] / PRICE[:-12, :3]), atol=1e-5)
    assert np.isnan(made["momentum_24h"][:288]).all()
    for column in range(3):
        sources = [other for other in range(3) if np.array_equal(made["by_lot"][:, column], score[:, other])]
        assert len(sources) == 1
        assert sources != [column]
    again = {named.name: values for named, values in baselines(panel, SCORE, seed=5).items()}
    assert np.array_equal(made["by_lot"], again["by_lot"])


def test_ranks_and_coefficients_are_scipys_with_ties_and_gaps() -> None:
    score = np.round(noise(6)[:60], 1)
    score[noise(7)[:60] > 1] = np.nan
    there = np.isfinite(score)
    made = ranks(score, there)
    for row in range(60):
        known = there[row]
        assert made[row, known] == pytest.approx((stats.rankdata(score[row, known]) - 0.5) / known.sum())
        assert np.isnan(made[row, ~known]).all()
    price = PRICE[:60]
    judged = judge(score.astype(np.float32), outcomes(price, COUNTS[:60]), COUNTS[:60])["15 m"]
    after = returns(price, 3)
    each = [stats.spearmanr(score[r, there[r]], after[r, there[r]])[0] for r in range(60 - 4)]
    assert judged.ic.value == pytest.approx(np.mean(each))
    assert judged.steps == 56


def test_a_step_with_few_symbols_says_nothing() -> None:
    few = noise(8)
    few[:, 15:] = np.nan
    assert all(each.verdict is Verdict.UNKNOWN for each in found(few).values())
    assert all(each.judgement.steps == 0 for each in found(few).values())


def test_ranks_that_stand_still_turn_over_nothing_and_new_ones_everything() -> None:
    still: NDArray[np.float64] = np.tile(np.arange(SYMBOLS, dtype=np.float64), (STEPS, 1))
    assert found(still)["4 h"].judgement.turnover == 0
    assert found(noise(9))["4 h"].judgement.turnover == pytest.approx(1, abs=0.02)


def test_hits_count_the_direction_and_leave_out_neutral_scores() -> None:
    knowing = np.sign(np.nan_to_num(returns(PRICE, 3)))
    knowing[:, ::2] = 0
    assert found(knowing)["15 m"].judgement.hits == 1
    assert found(-knowing)["15 m"].judgement.hits == 0


def test_among_many_tests_of_nothing_few_are_clear() -> None:
    judged = {Named(f"n{n}", Kind.COMPONENT): judge(noise(100 + n).astype(np.float32), AFTER, COUNTS) for n in range(15)}
    clear = [f for f in findings(judged) if f.verdict in {Verdict.PREDICTS, Verdict.OPPOSITE}]
    assert len(findings(judged)) == 15 * len(HORIZONS)
    assert not clear
