"""Conversion of addresses from text and back."""

from __future__ import annotations

import pytest

from virtuoso.domain.addresses import format_address, memcached_servers, parse_address


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


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("memcached://a", [("a", 11211)]),
        ("memcached://a:1,b,[::1]:3,[::1],a:1", [("a", 1), ("b", 11211), ("::1", 3), ("::1", 11211)]),
        ("memory:", []),
        ("directory:/memcached://a", []),
    ],
)
def test_the_servers_of_a_repository(url: str, servers: list[tuple[str, int]]) -> None:
    assert memcached_servers(url) == servers


@pytest.mark.parametrize(
    "server",
    ["", ":1", "h:", "h:0", "h:65536", "h:1x", "h:\u0661", "h/x", "a b", " h", "::1", "[::1", "[h]", "h:1:2", "u:p@h"],
)
def test_the_error_for_an_invalid_memcached_server_has_its_value(server: str) -> None:
    with pytest.raises(ValueError, match="optional port from 1 to 65535") as refused:
        memcached_servers(f"memcached://a:1,{server}")
    assert repr(server) in str(refused.value)
