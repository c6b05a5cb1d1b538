"""The shown scores are means over time, which hold the laws of the instant scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtuoso.analysis.score_means import advance, restore
from virtuoso.domain.model import Confluence, Dimension, DimensionKind
from virtuoso.domain.scores import Label, ScoreMeans, StoredMeans, label

START_MS = 1_760_000_040_000  # the beginning of a minute
MINUTE_MS = 60_000


def instant(score: float | None, symbol: str = "BTCUSDT") -> Confluence:
    """Return the score of a single pass. Two dimensions make it."""
    points = 0.0 if score is None else score - 50
    dimensions = tuple(
        Dimension(
            kind=kind,
            weight=1 / 6,
            coverage=1.0,
            sentence="A sentence.",
            components=(),
            score=score,
            contribution=share * points,
            instant_contribution=share * points,
        )
        for kind, share in zip(DimensionKind, (1.5, -0.5, 0, 0, 0, 0), strict=True)
    )
    return Confluence(symbol=symbol, dimensions=dimensions, coverage=1.0, score=score, instant_score=score)


def passes(
    steps: Iterable[tuple[int, float | None]], means: ScoreMeans | None = None
) -> tuple[ScoreMeans | None, list[Confluence]]:
    """Make passes of one symbol at these seconds after the start. Return the state and what was shown."""
    shown = []
    for second, score in steps:
        means, results = advance(means, {"BTCUSDT": instant(score)}, START_MS + 1_000 * second)
        shown.append(results["BTCUSDT"])
    return means, shown


def score_of(result: Confluence) -> float:
    assert result.score is not None
    return result.score


def test_the_score_is_the_mean_of_twenty_minutes_and_the_instant_score_stands_beside_it() -> None:
    def at(second: int) -> float:
        return 50 + 20 * math.sin(second / 300)

    results = passes((second, at(second)) for second in range(3_060))[1]
    for last in (3_000, 3_017, 3_059):
        shown = results[last]
        expected = np.mean([at(second) for second in range(last - 1_199, last + 1)])
        before = np.mean([at(second) for second in range(last - 2_099, last - 899)])
        assert score_of(shown) == pytest.approx(expected, abs=0.05)
        assert shown.change_15m == pytest.approx(expected - before, abs=0.1)
        assert shown.instant_score == at(last)
        assert shown.averaged_ms == pytest.approx(1_200_000, abs=1_000)


def test_the_contributions_add_up_to_both_scores() -> None:
    result = passes([(0, 60.0), (5, 70.0), (10, 35.0)])[1][-1]
    assert 50 + sum(one.contribution for one in result.dimensions) == pytest.approx(score_of(result), abs=1e-9)
    assert 50 + sum(one.instant_contribution for one in result.dimensions) == pytest.approx(35.0, abs=1e-9)
    assert result.drivers[0] is DimensionKind.TECHNICAL


def test_after_a_start_the_mean_is_of_the_measured_time() -> None:
    results = passes([(0, 62.0), (5, 70.0), (10, 70.0)])[1]
    assert (results[0].score, results[0].averaged_ms, results[0].change_15m) == (62.0, 1_000, None)
    assert results[-1].averaged_ms == 11_000
    assert score_of(results[-1]) == pytest.approx((1 * 62 + 10 * 70) / 11)


def test_a_gap_is_not_measured_and_no_old_score_is_shown_in_it() -> None:
    minute = [(second, 70.0) for second in range(60)]
    means, _ = passes([*minute, (60, None)])
    _, shown = passes([(60, None), (600, 40.0)], means)
    assert (shown[0].score, shown[0].label, shown[0].averaged_ms) == (None, None, 0)
    assert shown[1].averaged_ms == 61_000
    assert score_of(shown[1]) == pytest.approx((60 * 70 + 1 * 40) / 61)
    _, shown = passes([(60 + 20 * 60 + 60, 40.0)], means)
    assert (shown[0].score, shown[0].averaged_ms) == (40.0, 1_000)


def test_the_change_needs_a_score_of_fifteen_minutes_ago() -> None:
    _, shown = passes((second, 55.0) for second in range(0, 1_000, 5))
    assert [one.change_15m is None for one in shown] == [second <= 900 for second in range(0, 1_000, 5)]
    assert shown[-1].change_15m == pytest.approx(0.0, abs=1e-9)


def test_a_pass_at_the_same_or_an_earlier_time_hardly_counts() -> None:
    _, shown = passes([(0, 40.0), (10, 40.0), (10, 90.0), (7, 90.0)])
    assert score_of(shown[-1]) == pytest.approx(40.0, abs=0.02)
    _, shown = passes([(0, 40.0), (-300, 90.0)])
    assert (shown[-1].score, shown[-1].averaged_ms) == (90.0, 1_000)  # the clock was wrong: the mean begins again


def test_symbols_come_and_go_without_an_effect_on_others() -> None:
    means: ScoreMeans | None = None
    for second, symbols in enumerate(("AB", "A", "CAB", "BC")):
        scores = {f"{one}USDT": instant(float(ord(one)), f"{one}USDT") for one in symbols}
        means, shown = advance(means, scores, START_MS + 1_000 * second)
        assert [*shown] == [*scores]
        assert all(one.score == pytest.approx(ord(symbol[0])) for symbol, one in shown.items())
    assert means is not None
    assert set(means.symbols) == {"AUSDT", "BUSDT", "CUSDT"}
    means, _ = advance(means, {}, START_MS + 40 * MINUTE_MS)
    assert means.symbols == ()


Walk = st.lists(st.tuples(st.integers(1, 45), st.floats(0, 100)), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None)
@given(Walk)
def test_a_mirrored_market_has_the_mirrored_mean_within_the_bounds(walk: list[tuple[int, float]]) -> None:
    def shown(value: Callable[[float], float]) -> list[Confluence]:
        seconds = np.cumsum([step for step, _ in walk]).tolist()
        return passes(zip(seconds, (value(score) for _, score in walk), strict=True))[1]

    for one, mirrored in zip(shown(lambda score: score), shown(lambda score: 100 - score), strict=True):
        assert score_of(one) + score_of(mirrored) == pytest.approx(100, abs=1e-6)
        scores = [score for _, score in walk]
        assert min(scores) - 1e-9 <= score_of(one) <= max(scores) + 1e-9
        assert one.label is not None
        assert mirrored.label is Label(6 - one.label)


def test_a_label_begins_at_its_limit_and_continues_until_the_score_has_returned_by_two_points() -> None:
    shown: list[Label] = []
    for score in (59.9, 60.0, 58.1, 57.9, 59.9, 71.0, 68.5, 67.9, 41.0, 40.0, 41.9, 42.0, 29.0, 31.9, 32.0, 69.0):
        shown.append(label(score, shown[-1] if shown else None))
    n, b, s, d, f = Label.NEUTRAL, Label.BULLISH, Label.STRONG_BULLISH, Label.BEARISH, Label.STRONG_BEARISH
    assert shown == [n, b, b, n, n, s, s, b, n, d, d, n, f, f, d, b]


def test_stored_means_continue_after_a_restart_and_implausible_ones_do_not() -> None:
    means, _ = passes((second, 64.0) for second in range(300))
    assert means is not None
    stored = StoredMeans(
        means.now_ms, means.symbols, means.labels, np.float32(means.sums).ravel().tolist()
    )  # a snapshot has single precision
    _, shown = passes([(310, 58.0)], restore(stored, START_MS + 310_000))
    assert shown[0].averaged_ms == 311_000
    assert score_of(shown[0]) == pytest.approx((300 * 64 + 11 * 58) / 311, abs=1e-4)
    assert shown[0].label is Label.BULLISH
    bad = list(stored.sums)
    for index, value in ((0, 1e6), (0, -1.0), (1, 1e9), (2, float("nan"))):
        changed = [*bad[:index], value, *bad[index + 1 :]]
        assert restore(stored._replace(sums=changed), START_MS + 310_000) is None
    assert restore(stored._replace(sums=bad[1:]), START_MS + 310_000) is None
    assert restore(stored._replace(symbols=("BTCUSDT", "BTCUSDT")), START_MS + 310_000) is None
    assert restore(stored, START_MS) is None  # it is in the future
