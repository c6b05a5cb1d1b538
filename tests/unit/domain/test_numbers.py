"""Which texts are numbers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.numbers import parse_number, parse_whole

NO_NUMBERS = [
    "",
    " ",
    "1_000",
    "1_0.5",
    " 1 ",
    "1\n",
    "1,000",
    "0x10",
    "nan",
    "inf",
    "-Infinity",
    "１２３",
    "١٢",
    "1e",
    "--1",
    "½",
]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_number(text)
    with pytest.raises(ValueError, match="not a"):
        parse_whole(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-0.5", -0.5), ("+2", 2), (".5", 0.5), ("5.", 5), ("1e-7", 1e-7), ("1E5", 1e5), ("007", 7)],
)
def test_a_number_is_read(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["1.0", "1e5", "9" * 19, "9" * 5000])
def test_a_whole_number_has_digits_only_and_fits_into_64_bits(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        parse_whole(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_of_json_is_read(value: float) -> None:
    assert parse_number(json.dumps(value)) == value
