"""The numbers of a dashboard show the same digits as the exact ones, and keep every rule of the contract."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from protovalidate import collect_violations

from tests.service.snapshots import T0, mover, row, snapshot
from virtuoso.market.v1 import confluence_pb2, mover_pb2
from virtuoso.service.shown import amount, dimension, percent, shown
from virtuoso.top import words

PERCENTAGES = st.floats(-99.9999, 1e5, allow_nan=False)
FRACTIONS = st.floats(0, 1)
AMOUNTS = st.floats(0, 1e14)


@given(PERCENTAGES)
def test_a_percentage_shows_the_same_digits(value: float) -> None:
    for digits in (0, 1, 2):
        assert f"{percent(value):.{digits}f}".lstrip("-") == f"{value:.{digits}f}".lstrip("-") or _is_half(value, digits)


@given(FRACTIONS)
def test_a_fraction_shows_the_same_percentage(value: float) -> None:
    assert words.share(percent(value)) == words.share(value) or _is_half(100 * value, 0)


@given(st.floats(0, 100))
@example(1.250044113853093)
def test_the_score_of_a_dimension_is_right_to_a_ten_thousandth_and_shows_the_same_digits(value: float) -> None:
    result = dimension(value)
    assert abs(result - value) < 1e-4
    assert result == value or (result * 8192).is_integer()
    for digits in (0, 1):
        assert f"{result:.{digits}f}" == f"{value:.{digits}f}" or _is_half(value, digits)


@given(AMOUNTS)
def test_an_amount_shows_the_same_digits(value: float) -> None:
    assert words.usd(amount(value)) == words.usd(value) or _is_half_digit(value)


@given(PERCENTAGES)
def test_a_percentage_keeps_its_sign_and_takes_few_bits(value: float) -> None:
    result = percent(value)
    assert (result > 0, result < 0) == (value > 0, value < 0)
    assert abs(result - value) < 0.005
    assert result == value or (result * 512).is_integer()
    assert percent(result) == result


@pytest.mark.parametrize("value", [0.0, 50.0, 61.25, -1.375, 0.52, 100.0])
def test_a_percentage_without_further_digits_is_exact(value: float) -> None:
    assert percent(value) == value


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.0), (0.5, 0.5), (48_123_456.78, 48_122_500.0), (999.99, 999.975), (1e9, 1e9)]
)
def test_an_amount_is_the_middle_of_half_a_unit_of_its_fourth_digit(value: float, expected: float) -> None:
    assert amount(value) == expected


ROWS = st.builds(
    confluence_pb2.ConfluenceRow,
    symbol=st.just("BTCUSDT"),
    price=st.floats(1e-9, 1e9),
    score=st.floats(0, 100),
    confidence=FRACTIONS,
    coverage=FRACTIONS,
    change_24h_percent=st.floats(-100, 1e6, exclude_min=True),
    turnover_24h_usd=AMOUNTS,
    orderbook=st.floats(0, 100),
)
MOVERS = st.builds(
    mover_pb2.Mover,
    symbol=st.just("BTCUSDT"),
    price=st.floats(1e-9, 1e9),
    change_24h_percent=st.floats(-100, 1e6, exclude_min=True),
    turnover_24h_usd=AMOUNTS,
)


@given(ROWS | MOVERS)
def test_a_valid_message_stays_valid(message: confluence_pb2.ConfluenceRow | mover_pb2.Mover) -> None:
    assert not collect_violations(shown(message))


def test_prices_and_scores_are_exact_and_absent_numbers_stay_absent() -> None:
    exact = row("BTCUSDT", 61.23456789, price=27.123456789, change_24h_percent=1.23456789)
    result = shown(exact)
    assert (result.price, result.score) == (exact.price, exact.score)
    assert result.orderbook == pytest.approx(exact.orderbook, abs=1e-4)
    assert result.change_24h_percent != exact.change_24h_percent
    assert not shown(row("BTCUSDT", None)).HasField("confidence")
    assert shown(mover("UPUSDT", 12.3456789)).price == 3.5


def test_parts_of_the_overview_are_rounded_too() -> None:
    overview = snapshot(observed_ms=T0).overview
    overview.regime_inputs.btc_trend = 0.123456789
    overview.liquidations.sums.add(long_usd=123_456_789.0)
    result = shown(overview)
    assert result.regime_inputs.btc_trend == pytest.approx(0.1235, abs=0.002)
    assert result.regime_inputs.btc_trend != overview.regime_inputs.btc_trend
    assert result.liquidations.sums[0].long_usd == 123_475_000.0
    assert result.breadth == overview.breadth


def _is_half(value: float, digits: int) -> bool:
    """Return True when the last digit is not defined, because the value is in the middle of two."""
    scaled = abs(value) * 10**digits
    return math.isclose(scaled % 1, 0.5, abs_tol=1e-6)


def _is_half_digit(value: float) -> bool:
    """Return True when the value is in the middle of two amounts of three digits, or just below a whole unit."""
    return any(abs(value / 10**power % 1 - 0.5) < 1e-6 for power in range(13)) or words.usd(value)[:2] in ("10", "1.")
