"""Statistics of closed signals: counts, intervals and expectancy."""

from __future__ import annotations

import math

import pytest
import scipy  # type: ignore[import-untyped]  # the package has no types
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.analysis.signal_stats import signal_record, signal_tally, wilson_interval
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.records import Side, SignalResult, SignalTally

FLOW, BOOK = DimensionKind.ORDERFLOW, DimensionKind.ORDERBOOK


def result(result_r: float, side: Side = Side.LONG, *drivers: DimensionKind) -> SignalResult:
    return SignalResult(side, drivers, result_r, None, None, 1_000)


@pytest.mark.parametrize(("wins", "count"), [(0, 1), (1, 1), (0, 12), (7, 12), (12, 12), (431, 1000)])
def test_the_interval_agrees_with_wilson(wins: int, count: int) -> None:
    expected = scipy.stats.binomtest(wins, count).proportion_ci(method="wilson")
    assert wilson_interval(wins, count) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("wins", "count"), [(-1, 3), (4, 3), (0, 0)])
def test_more_wins_than_results_are_refused(wins: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"{wins} wins of {count}"):
        wilson_interval(wins, count)


def test_without_results_every_figure_is_absent() -> None:
    assert signal_tally([]) == SignalTally(count=0, wins=0)
    assert signal_record([]).all.win_rate is None
    assert (signal_record([]).sides, signal_record([]).drivers) == ({}, {})


def test_a_record_has_stats_by_side_and_by_first_driver() -> None:
    record = signal_record(
        [
            result(2.65, Side.LONG, FLOW, BOOK),
            result(-1.0, Side.LONG, FLOW)._replace(net_r=-1.25, opened_ms=7),
            result(-1.0, Side.SHORT, BOOK, FLOW)._replace(net_r=-1.15),
            result(0.0, Side.SHORT),
        ]
    )
    assert (record.all.count, record.all.wins, record.since_ms) == (4, 1, 7)
    assert record.all.mean_net_r == pytest.approx(-1.2)
    assert record.sides[Side.LONG].mean_net_r == -1.25
    assert record.all.mean_r == pytest.approx(0.65 / 4)
    assert {side: (t.count, t.wins) for side, t in record.sides.items()} == {Side.LONG: (2, 1), Side.SHORT: (2, 0)}
    assert {kind: (t.count, t.mean_r) for kind, t in record.drivers.items()} == {
        FLOW: (2, pytest.approx(0.825)),
        BOOK: (1, -1.0),
    }


def test_a_result_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        signal_tally([result(1.0), result(math.nan)])


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=60))
def test_expectancy_equals_the_mean_and_the_win_rate_is_within_its_interval(results: list[float]) -> None:
    record = signal_tally([result(one) for one in results])
    assert record.expectancy_r == pytest.approx(sum(results) / len(results), abs=1e-9)
    assert record.win_rate is not None
    assert record.win_rate_low is not None
    assert record.win_rate_high is not None
    assert 0 <= record.win_rate_low <= record.win_rate <= record.win_rate_high <= 1
