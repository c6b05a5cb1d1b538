"""Conversion of addresses from text and back."""

from __future__ import annotations

import pytest

from virtuoso.domain.addresses import format_address, parse_address


@pytest.mark.parametrize(
    "text", ["127.0.0.1:50051", "server-1:1", "localhost:65535", "*:8003", "[::1]:50051", "[fd00::7]:1"]
)
def test_an_address_is_the_same_after_parsing_and_joining(text: str) -> None:
    assert format_address(parse_address(text, min_port=1)) == text


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:-1", "host:65536", "host:1x", "host:\u0661", "[]:1"])
def test_the_error_for_an_invalid_address_has_its_value_and_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port") as refused:
        parse_address(text)
    assert repr(text) in str(refused.value)


def test_port_0_is_valid_only_where_any_free_port_is_allowed() -> None:
    assert parse_address("localhost:0") == ("localhost", 0)
    with pytest.raises(ValueError, match=r"such as 127\.0\.0\.1:50051$"):
        parse_address("localhost:0", min_port=1)
