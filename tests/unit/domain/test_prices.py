"""Prices have the digits of the exchange."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.prices import common_tick, price_text


@pytest.mark.parametrize(
    ("price", "tick_size", "text"),
    [
        (119_876.54, 0.1, "119,876.5"),
        (119_876.54, None, "119,876.54"),
        (0.0000712, 1e-7, "0.0000712"),
        (0.0000712, None, "0.0000712"),
        (0.0000714999, 1e-7, "0.0000715"),
        (1.5, 0.001, "1.500"),
        (17.5, 0.5, "17.5"),
        (1_234_567.0, 10.0, "1,234,570"),
        (1e-9, 1e-7, "0.000000001"),
        (4_124.800061872, 0.1000000015, "4,124.8"),
        (2 / 3, None, "0.66666667"),
        (100.0, None, "100"),
    ],
)
def test_a_price_has_the_digits_of_the_exchange(price: float, tick_size: float | None, text: str) -> None:
    assert price_text(price, tick_size) == text


@given(st.integers(1, 10**9), st.sampled_from([1e-10, 1e-7, 2.5e-5, 0.001, 0.1, 0.5, 1.0, 10.0]))
def test_a_price_on_a_tick_is_shown_exactly_and_another_within_half_a_tick(ticks: int, tick_size: float) -> None:
    on_tick = float(f"{ticks * tick_size:.12g}")
    assert float(price_text(on_tick, tick_size).replace(",", "")) == pytest.approx(on_tick, rel=1e-11)
    shown = float(price_text(on_tick + 0.3 * tick_size, tick_size).replace(",", ""))
    assert abs(shown - on_tick - 0.3 * tick_size) <= 0.51 * tick_size


@given(st.floats(1e-12, 1e12))
def test_a_text_never_has_an_exponent_and_is_right_to_eight_digits(price: float) -> None:
    text = price_text(price)
    assert "e" not in text.lower()
    assert float(text.replace(",", "")) == pytest.approx(price, rel=1e-7)


@pytest.mark.parametrize(
    ("prices", "tick_size"),
    [
        ((112_263.9, 111_000.0, 113_500.5), 0.1),
        ((0.0000712, 0.00007), 1e-7),
        ((119_870.0, 120_000.0), 1.0),
        ((2 / 3, 1.25), 0.01),
        ((2 / 3,), None),
    ],
)
def test_prices_on_ticks_show_their_common_tick_size(prices: tuple[float, ...], tick_size: float | None) -> None:
    assert common_tick(prices) == tick_size
