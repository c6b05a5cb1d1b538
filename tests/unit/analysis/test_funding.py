"""Funding rates of different intervals are compared as daily rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, STAMP, Shape
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.funding import funding_text, past_daily_rates
from virtuoso.domain.model import Component, SymbolInputs, Ticker, TimeSeries

HOUR_MS = 3_600_000


def history(payments: list[tuple[int, float]]) -> TimeSeries:
    """Return payments from pairs (hours since the previous payment, rate)."""
    hours, rates = (np.array(column) for column in zip(*payments, strict=True))
    times = (NOW_MS // HOUR_MS + np.cumsum(hours) - hours.sum()) * HOUR_MS
    return TimeSeries(symbol="XUSDT", time_ms=times.astype(np.int64), values=rates, stamp=STAMP)


def market(past: TimeSeries, rate: float, hours: int | None) -> SymbolInputs:
    usual = markets.inputs(Shape("walk", 5, 100.0))
    assert usual.ticker is not None
    interval_ms = None if hours is None else hours * HOUR_MS
    return replace(usual, ticker=replace(usual.ticker, funding_rate=rate, funding_interval_ms=interval_ms), funding=past)


def funding(inputs: SymbolInputs) -> Component:
    return next(c for d in score_symbol(inputs, NOW_MS).dimensions for c in d.components if c.name == "funding")


SWITCHED = history([(8, 1e-4)] * 40 + [(1, 1.25e-5)] * 20)


def test_equal_daily_rates_of_different_intervals_have_no_deviation() -> None:
    assert funding(market(SWITCHED, 1.25e-5, 1)).reading == pytest.approx(0, abs=1e-9)
    assert funding(market(SWITCHED, 1e-4, 8)).reading == pytest.approx(0, abs=1e-9)


def test_an_eight_times_higher_daily_rate_is_a_large_deviation() -> None:
    usual = history([(8, 1e-4 + 1e-5 * (-1) ** i) for i in range(60)])
    reading = funding(market(usual, 1e-4, 1)).reading
    assert reading is not None
    assert reading > 20


def test_a_rate_of_an_unknown_interval_is_absent_with_the_reason() -> None:
    component = funding(market(SWITCHED, 1e-4, None))
    assert (component.direction, component.missing) == (None, "the funding interval is not known")


@given(st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=6), st.floats(-0.01, 0.01))
def test_a_change_of_the_interval_does_not_change_daily_rates(intervals: list[int], a_day: float) -> None:
    past = history([(hours, a_day * hours / 24) for hours in intervals for _ in range(12)])
    assert past_daily_rates(past) == pytest.approx(a_day)
    assert funding(market(past, a_day * intervals[-1] / 24, intervals[-1])).reading == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("missing", [{5}, {5, 6}, {9}, {58}, {20, 30, 31, 40}])
@pytest.mark.parametrize("hours", [1, 4, 8])
def test_a_missing_payment_does_not_lower_daily_rates(hours: int, missing: set[int]) -> None:
    whole = history([(hours, 1e-4)] * 60)
    kept = [i for i in range(60) if i not in missing]
    past = replace(whole, time_ms=whole.time_ms[kept], values=whole.values[kept])
    assert past_daily_rates(past) == pytest.approx(1e-4 * 24 / hours)


@pytest.mark.parametrize(
    ("rate", "hours", "text"),
    [
        (1e-3, 8, "0.300 % a day (0.100 % every 8 h)"),
        (-1.25e-5, 1, "0.030 % a day (0.0013 % every 1 h)"),
        (1e-4, 4, "0.060 % a day (0.010 % every 4 h)"),
    ],
)
def test_the_text_of_a_rate_has_the_daily_rate_and_the_rate_of_the_venue(rate: float, hours: int, text: str) -> None:
    ticker = Ticker(symbol="XUSDT", last=1.0, stamp=STAMP, funding_rate=rate, funding_interval_ms=hours * HOUR_MS)
    assert funding_text(ticker) == text
